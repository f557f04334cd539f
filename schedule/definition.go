package schedule

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"virgo/schedule/shorttext"
	"virgo/schedule/yaml"
)

// A Definition says which details the checks of a type have.
type Definition struct {
	Type    string
	Details []Detail
	// OwnDetails means that a check may have others, too, for example for a plugin.
	OwnDetails bool
}

// Lacks reports whether a check has no such detail. The endpoint's name for a target stands for the
// target itself.
func (c *Check) Lacks(detail string) bool {
	v := c.Details[detail]
	return (v == nil || v == "") && (detail != "target" || c.TargetAlias == "")
}

// A DefinitionError is returned for a check that does not agree with its definition, or has none.
type DefinitionError struct {
	// Key is the key of the mistake in the check, or in its details: "type", an unknown detail,
	// "details" if one is missing.
	Key string
	// Text is one sentence.
	Text string
}

func (e *DefinitionError) Error() string { return e.Text }

// Validate returns the first mistake in the names of a check's details, a *DefinitionError; what their
// values mean, the check itself finds out.
func (d Definition) Validate(c Check) error {
	if wrong := d.wrongNames(c); len(wrong) > 0 {
		return wrong[0]
	}
	return nil
}

// Mistakes returns all mistakes in the names of a check's details and in their values, each a
// *DefinitionError: what the check would refuse whatever the host is like. Runs need not ask for the
// values, since the check does.
func (d Definition) Mistakes(c Check) []error {
	wrong := d.wrongNames(c)
	for _, spec := range d.Details {
		if err := spec.Validate(c.Details); err != nil {
			wrong = append(wrong, &DefinitionError{spec.Name, err.Error()})
		}
	}
	return wrong
}

// wrongNames returns the details that a check lacks, and those that its type does not have.
func (d Definition) wrongNames(c Check) (wrong []error) {
	for _, spec := range d.Details {
		if spec.Required && c.Lacks(spec.Name) {
			wrong = append(wrong, &DefinitionError{"details", fmt.Sprintf("%s needs the detail %q", d.Type, spec.Name)})
		}
	}
	if d.OwnDetails {
		return wrong
	}
	var names []string
	for _, spec := range d.Details {
		names = append(names, spec.Name)
	}
	for _, key := range c.Details.Keys() {
		if slices.Contains(names, key) {
			continue
		}
		text := fmt.Sprintf("%s has no detail %q; ", d.Type, shorttext.Truncate(key, 64))
		switch near := shorttext.Nearest(key, names); {
		case near != "":
			text += fmt.Sprintf("did you mean %q?", near)
		case len(names) == 0:
			text += "it has none"
		default:
			text += "it has " + strings.Join(names, ", ")
		}
		wrong = append(wrong, &DefinitionError{key, text})
	}
	return wrong
}

// Mistake returns an error of Validate as that of a file, whose content is data, with the place of the
// mistake.
func (c *Check) Mistake(err error, data []byte) *yaml.Error {
	src := source{name: c.File, data: data}
	m := src.mistake(c.Line, "", "", err)
	var wrong *DefinitionError
	if !errors.As(err, &wrong) {
		return m
	}
	rest := data
	for line := 1; len(rest) > 0; line++ {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte("\n"))
		if line > c.Line && bytes.HasPrefix(text, []byte("- ")) {
			break // the next check
		}
		if line >= c.Line && hasKey(text, wrong.Key) {
			m.Line, m.Column = line, column(data, line, wrong.Key)
			break
		}
	}
	return m
}

// hasKey reports whether a line of a file has this key.
func hasKey(line []byte, key string) bool {
	before, _, found := bytes.Cut(line, []byte(key+":"))
	return found && (len(before) == 0 || bytes.IndexByte([]byte(" \t-{,"), before[len(before)-1]) >= 0)
}
