// Package catalog lists the types of checks with their details, for programs that know
// the schedules of agents and not their checks.
//
// An agent may have another version than this program, so it may know other types.
package catalog

import (
	_ "embed" // typesText
	"fmt"
	"slices"
	"strconv"
	"strings"

	"virgo/schedule"
	"virgo/schedule/detail"
	"virgo/schedule/shorttext"
)

// typesText has a line for each type: its name, "*" if its checks may have details of their own, and
// the details: a name, "!" if it is required, and unless it is a text ":" and its kind, for example
// "count:integer(1,100)". TestCatalogOfSchedules of cmd/virgo compares it with the types, and writes it
// (make docs).
//
//go:embed types.txt
var typesText string

// A Catalog contains the types by name.
type Catalog map[string]schedule.Definition

// Load parses the catalog.
func Load() Catalog {
	c := make(Catalog)
	for line := range strings.Lines(typesText) {
		words := strings.Fields(line)
		d := schedule.Definition{Type: words[0]}
		for _, word := range words[1:] {
			if word == "*" {
				d.OwnDetails = true
			} else {
				d.Details = append(d.Details, parseSpec(word))
			}
		}
		c[d.Type] = d
	}
	return c
}

// Format returns the text of which Load makes the same catalog.
func (c Catalog) Format() string {
	var b strings.Builder
	for _, name := range c.names() {
		d := c[name]
		b.WriteString(name)
		if d.OwnDetails {
			b.WriteString(" *")
		}
		for _, spec := range d.Details {
			b.WriteString(" " + formatSpec(spec))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// parseSpec parses what formatSpec returns.
func parseSpec(word string) schedule.Detail {
	name, kind, _ := strings.Cut(word, ":")
	var s schedule.Detail
	s.Name, s.Required = strings.CutSuffix(name, "!")
	kind, limits, _ := strings.Cut(strings.TrimSuffix(kind, ")"), "(")
	s.Kind = detail.Kind(kind)
	switch s.Kind {
	case detail.Integer, detail.Number:
		least, most, _ := strings.Cut(limits, ",")
		s.Min, _ = strconv.ParseInt(least, 10, 64) // a test compares the text with what is read of it
		s.Max, _ = strconv.ParseInt(most, 10, 64)
	case detail.Choice:
		s.Choices = strings.Split(limits, ",")
	}
	return s
}

// formatSpec returns a detail without its summary and default.
func formatSpec(s schedule.Detail) string {
	word := s.Name
	if s.Required {
		word += "!"
	}
	if s.Kind != detail.Text {
		word += ":" + string(s.Kind)
	}
	switch s.Kind {
	case detail.Integer, detail.Number:
		if s.Min == 0 && s.Max == 0 {
			break
		}
		word += fmt.Sprintf("(%d,%d)", s.Min, s.Max)
	case detail.Choice:
		word += "(" + strings.Join(s.Choices, ",") + ")"
	}
	return word
}

func (c Catalog) names() []string {
	names := make([]string, 0, len(c))
	for name := range c {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Mistakes returns why an agent of this version cannot run a check, each a *schedule.DefinitionError;
// none if it can.
func (c Catalog) Mistakes(check schedule.Check) []error {
	d, ok := c[check.Type]
	if ok {
		return d.Mistakes(check)
	}
	text := fmt.Sprintf("unknown check type %q", shorttext.Truncate(check.Type, 64))
	if near := shorttext.Nearest(check.Type, c.names()); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return []error{&schedule.DefinitionError{Key: "type", Text: text}}
}
