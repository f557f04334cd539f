package policy

import (
	"slices"

	"virgo/schedule"
)

// ownersOnly returns a detail that an endpoint may not set whatever the rules are; nil if there is none.
func (e *Effective) ownersOnly() *field {
	if i := slices.IndexFunc(e.fields, func(f field) bool { return f.role == schedule.Owner && f.given }); i >= 0 {
		return &e.fields[i]
	}
	return nil
}
