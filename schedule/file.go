package schedule

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"virgo/schedule/shorttext"
	"virgo/schedule/yaml"
)

// A fileReader collects the checks of files and what is wrong with them.
type fileReader struct {
	parse    yaml.Parser
	schedule Schedule
	problems []Problem
	// loose are the mistakes of which no check of the schedule tells.
	loose []error
	// at is the place of each check in the schedule, by its id.
	at map[string]int
}

// end returns what was collected.
func (r *fileReader) end() (Schedule, []Problem) {
	if len(r.loose) > 0 {
		c := faultsCheck(r.loose)
		if _, taken := r.at[c.ID]; !taken {
			r.schedule.Checks = append(r.schedule.Checks, c)
		}
	}
	return r.schedule, r.problems
}

// file adds the checks of a file. unusable is why none of them is used; empty: they are. Error: one of
// parse that wraps yaml.ErrNotPlain.
func (r *fileReader) file(name string, data []byte, unusable string) error {
	src := source{name: name, data: data, unusable: unusable}
	root, err := r.parse(name, data)
	switch {
	case errors.Is(err, yaml.ErrNotPlain):
		return err
	case len(data) > yaml.MaxBytes:
		r.report("", err)
		return nil
	case err != nil:
		return r.entries(name, data, unusable, err)
	}
	r.checks(&src, root)
	return nil
}

// checks adds the checks below the root of a file.
func (r *fileReader) checks(src *source, root yaml.Node) {
	nodes := root.Items
	switch root.Kind {
	case yaml.Null, yaml.List:
	case yaml.Map:
		nodes = []yaml.Node{root}
	default:
		r.report("", src.wrongKind(root, "", "a check or a list of checks"))
		return
	}
	if len(nodes) > MaxChecks {
		r.report("", tooMany(src.name, "checks"))
		return
	}
	for _, n := range nodes {
		c, mistakes := yamlCheck(src, n)
		if !r.add(src, c, mistakes) {
			return
		}
	}
}

// tooMany returns the error for more than MaxChecks checks, or files with checks.
func tooMany(file, of string) error {
	return &yaml.Error{File: file, Text: fmt.Sprintf("%v: more than %d %s", ErrTooMany, MaxChecks, of), Err: ErrTooMany}
}

// report adds a mistake of which no check tells.
func (r *fileReader) report(id string, err error) {
	r.problems = append(r.problems, Problem{CheckID: shorttext.Truncate(id, 64), Err: err})
	r.loose = append(r.loose, err)
}

// add adds a check. It reports whether there may be more.
func (r *fileReader) add(src *source, c Check, mistakes []*yaml.Error) bool {
	if len(r.schedule.Checks) >= MaxChecks {
		r.report("", tooMany(src.name, "checks"))
		return false
	}
	hasID := c.validateField("id") == nil
	if first, taken := r.at[c.ID]; hasID && taken {
		was := r.schedule.Checks[first].Where()
		mistakes = append(mistakes, src.mistake(c.Line-src.before, "", "",
			fmt.Errorf("%w %q, first in %s", ErrDuplicateID, shorttext.Truncate(c.ID, 64), was)))
		hasID = false
	}
	if src.unusable != "" && len(mistakes) == 0 {
		mistakes = []*yaml.Error{{File: src.name, Text: src.unusable}}
	}
	if len(mistakes) > 0 {
		all := make([]error, len(mistakes))
		for i, m := range mistakes {
			all[i] = m
			r.problems = append(r.problems, Problem{CheckID: shorttext.Truncate(c.ID, 64), Err: m})
		}
		if !hasID {
			r.loose = append(r.loose, all...)
			return true
		}
		c.Invalidate(summary(all))
	}
	if r.at == nil {
		r.at = make(map[string]int)
	}
	r.at[c.ID] = len(r.schedule.Checks)
	r.schedule.Checks = append(r.schedule.Checks, c)
	return true
}

// entries adds the checks of a file that does not parse. The entries of a list are parsed by
// themselves: in YAML, a line with the indentation of the list that begins with "-" begins an entry,
// whatever stands before it. Error: one of parse that wraps yaml.ErrNotPlain.
func (r *fileReader) entries(name string, data []byte, unusable string, whole error) error {
	known := len(r.problems)
	data = bytes.TrimPrefix(data, []byte(yaml.ByteOrderMark))
	for _, src := range splitEntries(name, data) {
		src.unusable = unusable
		root, err := r.parse(name, src.data)
		switch {
		case errors.Is(err, yaml.ErrNotPlain):
			return err
		case err == nil:
			r.checks(&src, root)
			continue
		}
		c := r.salvage(&src)
		if !r.add(&src, c, []*yaml.Error{src.parseError(err)}) {
			return nil
		}
	}
	if len(r.problems) == known {
		r.report("", whole)
	}
	return nil
}

// parseError returns an error of a parser, with the line in the file.
func (s *source) parseError(err error) *yaml.Error {
	var e *yaml.Error
	if !errors.As(err, &e) {
		return &yaml.Error{File: s.name, Text: err.Error(), Err: err}
	}
	moved := *e
	if moved.Line > 0 {
		moved.Line += s.before
	}
	return &moved
}

// splitEntries splits a list into its entries; what is no list is one entry.
func splitEntries(name string, data []byte) []source {
	var all []source
	indent, before := -1, 0
	for line := range bytes.Lines(data) {
		text := bytes.TrimRight(bytes.TrimLeft(line, " "), "\r\n")
		starts := len(text) > 0 && text[0] == '-' && (len(text) == 1 || text[1] == ' ' || text[1] == '\t')
		if starts && indent < 0 {
			indent = len(line) - len(bytes.TrimLeft(line, " "))
		} else if indent < 0 && len(text) > 0 && text[0] != '#' && !bytes.HasPrefix(text, []byte("---")) {
			break // a mapping
		}
		if starts && len(line)-len(bytes.TrimLeft(line, " ")) == indent && len(all) <= MaxChecks {
			all = append(all, source{name: name, before: before})
		}
		if len(all) > 0 {
			last := &all[len(all)-1]
			last.data = append(last.data, line...)
		}
		before++
	}
	if len(all) == 0 {
		return []source{{name: name, data: data}}
	}
	return all
}

// salvage reads the short fields of a check that does not parse, from lines that have one each.
func (r *fileReader) salvage(src *source) Check {
	c := Check{Period: DefaultPeriod, Timeout: DefaultTimeout, File: src.name, Line: src.before + 1}
	seen := make(map[string]bool)
	keys := -1 // the indentation of the check's keys
	for line := range bytes.Lines(src.data) {
		text := strings.TrimRight(string(line), " \t\r\n")
		field := strings.TrimLeft(text, "- \t")
		indent := len(text) - len(field)
		if field == "" || field[0] == '#' {
			continue
		}
		if keys < 0 {
			keys = indent
		}
		key, _, _ := strings.Cut(field, ":")
		short := key == "id" || key == "type" || key == "period" || key == "timeout" || key == "disabled"
		if !short || seen[key] || indent != keys && !strings.Contains(text[:indent], "\t") {
			continue
		}
		root, err := r.parse(src.name, []byte(field))
		if err != nil || root.Kind != yaml.Map || len(root.Fields) != 1 {
			continue
		}
		seen[key] = yamlField(src, &c, root.Fields[0]) == nil
	}
	return c
}
