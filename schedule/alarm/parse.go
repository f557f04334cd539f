package alarm

import (
	"fmt"
	"slices"
	"strings"

	"virgo/schedule"
	"virgo/schedule/shorttext"
	"virgo/schedule/yaml"
)

// A Set is what files with rules say.
type Set struct {
	Rules     []Rule
	Overrides []Override
	// Disabled are the ids of rules that are off for all hosts.
	Disabled []string
}

// An Override changes a rule for some hosts.
type Override struct {
	// Of is the id of the rule.
	Of    string
	Hosts HostMatch
	File  string
	Line  int

	settings []setting
}

// A setting sets one field of a rule.
type setting func(*Rule)

// Apply returns the rule as the override changes it; the rule's own hosts stay.
func (o *Override) Apply(r Rule) (Rule, error) {
	r.Cases = slices.Clone(r.Cases)
	for _, set := range o.settings {
		set(&r)
	}
	if err := r.finish(); err != nil {
		return r, &yaml.Error{File: o.File, Line: o.Line, Text: fmt.Sprintf("override of %q: %v", o.Of, err), Err: err}
	}
	return r, nil
}

// Parse parses a file with a list of rules, overrides and disabled rules. name is the file's name in the
// mistakes. A mistake costs the rule that has it; the Err of a problem is a *yaml.Error, its CheckID the id
// of the rule.
func Parse(name string, data []byte, parse yaml.Parser) (Set, []schedule.Problem) {
	p := entries{file: name, data: data}
	root, err := parse(name, data)
	if err != nil {
		return Set{}, []schedule.Problem{{Err: err}}
	}
	nodes := root.Items
	switch root.Kind {
	case yaml.Null, yaml.List:
	case yaml.Map:
		nodes = []yaml.Node{root}
	default:
		p.mistake(root.Line, "", "expected a list of rules, found %s", root.Kind)
	}
	if len(nodes) > MaxRules {
		p.mistake(root.Line, "", "more than %d rules", MaxRules)
		nodes = nil
	}
	var set Set
	for i, n := range nodes {
		p.index, p.id = i, ""
		p.entry(&set, n)
	}
	return set, p.problems
}

// entries reads the entries of a list, and collects the mistakes.
type entries struct {
	file string
	// data is the text of the file, for columns; nil where it is not known.
	data     []byte
	index    int
	id       string
	problems []schedule.Problem
}

func (p *entries) mistake(line int, key, format string, args ...any) {
	p.report(&yaml.Error{File: p.file, Line: line, Column: p.column(line, key), Text: fmt.Sprintf(format, args...)})
}

func (p *entries) mistakeHelp(line int, key, help, format string, args ...any) {
	p.report(&yaml.Error{File: p.file, Line: line, Column: p.column(line, key), Text: fmt.Sprintf(format, args...), Help: help})
}

func (p *entries) report(err *yaml.Error) {
	p.problems = append(p.problems, schedule.Problem{CheckID: shorttext.Truncate(p.id, 64), Index: p.index, Err: err})
}

// ruleKeys are the keys of an entry; those after the first three may be in an override too.
var ruleKeys = []string{
	"alarm", "override", "disable", "label", "hosts", "warning", "critical", "cases", "for", "clear_for", "clear", "message",
	"notify", "escalate", "unknown", "disabled", "checks", "each",
}

// entry adds one entry of the list.
func (p *entries) entry(set *Set, n yaml.Node) {
	if n.Kind != yaml.Map {
		p.mistake(n.Line, "", "expected a rule, found %s", n.Kind)
		return
	}
	before := len(p.problems)
	kind, id := p.kind(n)
	if kind == "" {
		return
	}
	if kind == "disable" {
		p.disable(set, n)
		return
	}
	p.id = id
	r := Rule{ID: id, File: p.file, Line: n.Line, For: Span{Count: 1}}
	settings, hosts := p.settings(n, kind == "override")
	if len(p.problems) > before {
		return
	}
	if kind == "override" {
		set.Overrides = append(set.Overrides, Override{Of: id, Hosts: hosts, File: p.file, Line: n.Line, settings: settings})
		return
	}
	r.Hosts = hosts
	for _, apply := range settings {
		apply(&r)
	}
	if slices.ContainsFunc(set.Rules, func(o Rule) bool { return o.ID == r.ID }) {
		p.mistake(n.Line, "alarm", "there is another rule %q in this file", r.ID)
		return
	}
	if err := r.finish(); err != nil {
		p.mistake(n.Line, "", "rule %q: %v", r.ID, err)
		return
	}
	set.Rules = append(set.Rules, r)
}

// kind returns which of the first three keys the entry has, and the id that stands there.
func (p *entries) kind(n yaml.Node) (kind, id string) {
	for _, f := range n.Fields {
		if !slices.Contains(ruleKeys[:3], f.Key) {
			continue
		}
		if kind != "" {
			p.mistake(f.Line, f.Key, "%s and %s exclude each other", kind, f.Key)
			return "", ""
		}
		kind = f.Key
		if kind == "disable" {
			continue
		}
		if f.Value.Kind != yaml.Text && f.Value.Kind != yaml.Number {
			p.mistake(f.Line, f.Key, "expected the id of a rule, found %s", f.Value.Kind)
			return "", ""
		}
		id = f.Value.Text
		if err := CheckID(id); err != nil {
			p.mistake(f.Line, f.Key, "%v", err)
			return "", ""
		}
	}
	if kind == "" {
		p.mistakeHelp(n.Line, "", "an entry begins with alarm: ID, override: ID or disable: [ID]", "the entry is no rule")
	}
	return kind, id
}

// CheckID reports what is wrong with the id of a rule.
func CheckID(id string) error {
	if id == "" || len(id) > MaxRuleID {
		return fmt.Errorf("the id of a rule has 1 to %d characters", MaxRuleID)
	}
	bad := strings.IndexFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r))
	})
	if bad >= 0 {
		return fmt.Errorf("the id %q of a rule has other characters than letters, digits, \"-\", \"_\" and \".\"",
			shorttext.Truncate(shorttext.Sanitize(id), 64))
	}
	return nil
}

func (p *entries) disable(set *Set, n yaml.Node) {
	for _, f := range n.Fields {
		if f.Key != "disable" {
			p.mistakeHelp(f.Line, f.Key, "use override with disabled: true for some hosts", "disable stands alone")
			continue
		}
		ids := p.texts(f, MaxRules)
		for _, id := range ids {
			if err := CheckID(id); err != nil {
				p.mistake(f.Line, f.Key, "%v", err)
				continue
			}
			set.Disabled = append(set.Disabled, id)
		}
	}
}

// finish computes what follows from the fields of a rule, and checks it as a whole.
func (r *Rule) finish() error {
	if len(r.Cases) == 0 && !r.Disabled {
		return fmt.Errorf("it has no condition: add warning, critical or cases")
	}
	if slices.ContainsFunc(r.Cases, func(c Case) bool { return !c.written }) {
		slices.SortStableFunc(r.Cases, func(a, b Case) int { return int(b.State) - int(a.State) })
	}
	var u uses
	for i := range r.Cases {
		u.add(r.Cases[i].When.uses)
		u.metrics = append(u.metrics, r.Cases[i].Message.metrics()...)
	}
	if r.Clear != nil {
		u.add(r.Clear.uses)
	}
	u.metrics = append(u.metrics, r.Message.metrics()...)
	if t, err := ParseTemplate(r.Label); err == nil {
		u.metrics = append(u.metrics, t.metrics()...)
	}
	slices.Sort(u.metrics)
	r.metrics = slices.Compact(u.metrics)
	r.needs, r.usesAvailable, r.usesHost, r.usesAge = u.windows, u.available, u.host, u.age
	r.usesTime = u.time || r.Each == EachHost
	if r.Each == EachHost && (len(r.metrics) > 0 || u.available || u.age) {
		return fmt.Errorf("a rule with each: host can only use host.*, not the values of a check")
	}
	return nil
}

func (u *uses) add(o uses) {
	u.metrics = append(u.metrics, o.metrics...)
	u.windows = append(u.windows, o.windows...)
	u.available, u.status = u.available || o.available, u.status || o.status
	u.host, u.age, u.time = u.host || o.host, u.age || o.age, u.time || o.time
}

// UsesHost reports whether the rule depends on the host and not only on a check.
func (r *Rule) UsesHost() bool { return r.usesHost || r.Each == EachHost }

// UsesTime reports whether the rule is to be judged also when no result comes.
func (r *Rule) UsesTime() bool { return r.usesTime }

// SeesUnavailable reports whether the rule says something of a check that is unavailable.
func (r *Rule) SeesUnavailable() bool { return r.usesAvailable || r.usesAge }
