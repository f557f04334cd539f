package schedule

import (
	"errors"
	"fmt"
)

// ErrOverridden is the Problem of a check whose id a local check has.
var ErrOverridden = errors.New("a local check has the same id and stands in its place")

// Merge joins the endpoint's schedule and the local one, in this order. The local check wins a double
// id: the owner of the host has the last word on it. The problems are the endpoint's checks that were
// left out, by id (ErrOverridden) or because there are more than MaxChecks in all (ErrTooMany).
func Merge(endpoint, local Schedule) (Schedule, []Problem) {
	if len(local.Checks) == 0 {
		return endpoint, nil
	}
	mine := make(map[string]bool, len(local.Checks))
	for i := range local.Checks {
		mine[local.Checks[i].ID] = true
	}
	var problems []Problem
	out := Schedule{Checks: make([]Check, 0, len(endpoint.Checks)+len(local.Checks))}
	for i, c := range endpoint.Checks {
		switch {
		case mine[c.ID]:
			problems = append(problems, Problem{CheckID: cut(c.ID, 64), Index: i, Err: ErrOverridden})
		case len(out.Checks)+len(local.Checks) >= MaxChecks:
			problems = append(problems, Problem{CheckID: cut(c.ID, 64), Index: i, Err: fmt.Errorf("%w: at most %d are taken", ErrTooMany, MaxChecks)})
		default:
			out.Checks = append(out.Checks, c)
		}
	}
	out.Checks = append(out.Checks, local.Checks...)
	return out, problems
}
