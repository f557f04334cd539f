package collect

import (
	"slices"

	"virgo/schedule"
)

// Validate returns why a check cannot run, a *schedule.DefinitionError: its type is not known, or its details are not those of its
// type. What the values of the details mean, the check itself finds out.
func (r *Registry) Validate(c schedule.Check) error {
	t, ok := r.Lookup(c.Type)
	if !ok {
		return &schedule.DefinitionError{Key: "type", Text: unknownType(r, c.Type)}
	}
	if t.accepts(&c) {
		return nil
	}
	return t.Definition().Validate(c)
}

// accepts reports whether the details of a check have valid names. Every due check of every run is asked, so it
// allocates nothing.
func (t *Type) accepts(c *schedule.Check) bool {
	for i := range t.Details {
		if t.Details[i].Required && c.Lacks(t.Details[i].Name) {
			return false
		}
	}
	if t.OwnDetails {
		return true
	}
	for key := range c.Details {
		if !slices.ContainsFunc(t.Details, func(d Detail) bool { return d.Name == key }) {
			return false
		}
	}
	return true
}

// Mistakes returns all mistakes in a check, those in the values of its details as well.
func (r *Registry) Mistakes(c schedule.Check) []error {
	t, ok := r.Lookup(c.Type)
	if !ok {
		return []error{r.Validate(c)}
	}
	return t.Definition().Mistakes(c)
}

// Definition returns which details the type has.
func (t *Type) Definition() schedule.Definition {
	return schedule.Definition{Type: t.Name, Details: t.Details, OwnDetails: t.OwnDetails}
}
