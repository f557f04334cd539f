package schedule

import (
	"errors"
	"fmt"

	"virgo/schedule/shorttext"
)

// ErrOverridden is the Err of a Problem with a check of the endpoint that has the id of a local
// check.
var ErrOverridden = errors.New("a local check has the same id and replaces it")

// Merge returns the endpoint's checks, then the local ones. If both have a check with the same id,
// the local one wins: the owner of the host decides. The problems are the checks of the endpoint
// that were left out, because of their id (ErrOverridden) or because there are more than MaxChecks
// in total (ErrTooMany).
func Merge(endpoint, local Schedule) (Schedule, []Problem) {
	if len(local.Checks) == 0 {
		return endpoint, nil
	}
	isLocal := make(map[string]bool, len(local.Checks))
	for i := range local.Checks {
		isLocal[local.Checks[i].ID] = true
	}
	var problems []Problem
	faults := "" // of the endpoint's FaultsID
	out := Schedule{Checks: make([]Check, 0, len(endpoint.Checks)+len(local.Checks))}
	for i, c := range endpoint.Checks {
		var err error
		switch {
		case isLocal[c.ID] && c.ID == FaultsID && c.Fault != "":
			faults = "; " + c.Fault
			continue
		case isLocal[c.ID]:
			err = ErrOverridden
		case len(out.Checks)+len(local.Checks) >= MaxChecks:
			err = fmt.Errorf("%w: more than %d", ErrTooMany, MaxChecks)
		default:
			out.Checks = append(out.Checks, c)
			continue
		}
		problems = append(problems, Problem{CheckID: shorttext.Truncate(c.ID, 64), Index: i, Err: err})
	}
	out.Checks = append(out.Checks, local.Checks...)
	for i := len(out.Checks) - len(local.Checks); faults != "" && i < len(out.Checks); i++ {
		if c := &out.Checks[i]; c.ID == FaultsID && c.Fault != "" {
			c.Fault = shorttext.Truncate(c.Fault+faults, maxFaultBytes)
		}
	}
	return out, problems
}
