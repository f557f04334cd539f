// Package catalog lists the types of checks with the names of their details, for programs that know
// the schedules of agents and not their checks.
//
// An agent may have another version than this program, so it may know other types.
package catalog

import (
	_ "embed" // typesText
	"fmt"
	"slices"
	"strings"

	"virgo/schedule"
	"virgo/schedule/shorttext"
)

// typesText has a line for each type: its name, "*" if its checks may have details of their own, and
// the details, the required ones with "!". TestCatalog of cmd/virgo compares it with the types, and
// writes it (make docs).
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
			name, required := strings.CutSuffix(word, "!")
			switch {
			case word == "*":
				d.OwnDetails = true
			case required:
				d.Required = append(d.Required, name)
			default:
				d.Optional = append(d.Optional, name)
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
		for _, detail := range d.Required {
			b.WriteString(" " + detail + "!")
		}
		for _, detail := range d.Optional {
			b.WriteString(" " + detail)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (c Catalog) names() []string {
	names := make([]string, 0, len(c))
	for name := range c {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Validate returns why an agent of this version cannot run a check, a *schedule.DefinitionError; nil if it
// can.
func (c Catalog) Validate(check schedule.Check) error {
	d, ok := c[check.Type]
	if ok {
		return d.Validate(check)
	}
	text := fmt.Sprintf("unknown check type %q", shorttext.Truncate(check.Type, 64))
	if near := shorttext.Nearest(check.Type, c.names()); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return &schedule.DefinitionError{Key: "type", Text: text}
}
