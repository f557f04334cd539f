package schedule

import (
	"fmt"
	"strings"

	"virgo/schedule/detail"
)

// A Detail describes one detail of a type of checks.
type Detail struct {
	Name string
	// Summary describes it in one line for people: lower case, no full stop, without its default.
	Summary  string
	Required bool
	// Kind is what the value is.
	Kind detail.Kind `json:",omitempty"`
	// Min and Max bound an Integer, and a Number unless both are 0; a Max of 0 is none.
	Min, Max int64 `json:",omitempty"`
	// Choices are the values of a Choice.
	Choices []string `json:",omitempty"`
	// Role is what it decides, for the owner's policy.
	Role Role `json:",omitempty"`
	// Default is the value that an absent detail stands for; empty: it has none, or one that depends
	// on the host or on other details, which Summary tells.
	Default string `json:",omitempty"`
	// From names the detail whose value is the default; of a URL it is the host. Empty: none.
	From string `json:",omitempty"`
}

// Text returns the summary with the values that are allowed and the default.
func (d Detail) Text() string {
	var notes []string
	switch {
	case d.Kind == detail.Choice:
		notes = append(notes, strings.Join(d.Choices, ", "))
	case (d.Kind == detail.Integer || d.Kind == detail.Number) && d.Max > 0:
		notes = append(notes, fmt.Sprintf("%d to %d", d.Min, d.Max))
	}
	if d.Default != "" {
		notes = append(notes, "default "+d.Default)
	}
	if len(notes) == 0 {
		return d.Summary
	}
	return d.Summary + " (" + strings.Join(notes, "; ") + ")"
}
