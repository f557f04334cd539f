package policy

import (
	"slices"

	"virgo/schedule"
)

// given reports whether the endpoint set a detail of the check: it is not the default.
func (g *Guard) given(name string) bool {
	if g == nil || g.check == nil {
		return false
	}
	f := g.check.field(name)
	return f != nil && f.given
}

// chosen decides on values in place of that of one detail, whose role the caller knows better than
// whoever judged the check: each bound must allow one of them, and deny none. Error: *[RefusedError].
func (g *Guard) chosen(name string, role schedule.Role, values ...string) error {
	if g == nil {
		return nil
	}
	refusal := &RefusedError{Type: g.checkType(), Field: name, Value: values[0]}
	if len(g.bounds) == 0 || g.check.field(name) == nil {
		return refusal
	}
	at := 0
	for i := range g.check.fields {
		if g.check.fields[i].name == name {
			at = i
		}
	}
	for _, b := range g.bounds {
		allowed := b.allow.Keyword == All
		l := b.allow.line(name)
		for _, value := range values {
			f := field{name: name, role: role, given: true}
			f.setText(value)
			if b.denies(g.check.with(at, f)) {
				return refusal
			}
			allowed = allowed || l != nil && l.allows(&f)
		}
		if !allowed {
			return refusal
		}
	}
	return nil
}

// as returns the guard with the roles that a definition gives the details: whoever judged the check
// may not have known the definition.
func (g *Guard) as(d schedule.Definition) *Guard {
	if g == nil || g.check == nil {
		return g
	}
	check := *g.check
	check.fields = slices.Clone(check.fields)
	for i := range check.fields {
		f := &check.fields[i]
		at := slices.IndexFunc(d.Details, func(s schedule.Detail) bool { return s.Name == f.name })
		if at < 0 || d.Details[at].Role == f.role {
			continue
		}
		known := field{name: f.name, role: d.Details[at].Role, given: f.given, items: f.items, entries: f.entries}
		known.setText(f.text)
		*f = known
	}
	return &Guard{check: &check, bounds: g.bounds}
}
