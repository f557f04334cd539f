package report

import (
	"context"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// latestWindow is the longest span of time that one look-up of latest results reads.
const latestWindow = 5 * time.Minute

// A LatestSource is what latest results are read from.
type LatestSource interface {
	Latest(ctx context.Context, agentID string) ([]intake.CheckState, error)
	Results(ctx context.Context, filter intake.Filter, fn func(intake.Result) error) error
}

// LatestResults calls fn with the latest result of each check that the filter selects, by agent and
// check, whatever the filter's Limit. Its cost does not depend on how much is stored, but on the number of checks: the
// states say when each result was made, and those of about the same time are read together.
func LatestResults(ctx context.Context, src LatestSource, filter intake.Filter, fn func(intake.Result) error) error {
	states, err := src.Latest(ctx, filter.AgentID)
	if err != nil {
		return err
	}
	for len(states) > 0 {
		n := 1
		for n < len(states) && states[n].AgentID == states[0].AgentID {
			n++
		}
		results, err := latestOf(ctx, src, states[:n])
		if err != nil {
			return err
		}
		for i := range results {
			if !filter.Selects(&results[i]) {
				continue
			}
			if err := fn(results[i]); err != nil {
				return err
			}
		}
		states = states[n:]
	}
	return nil
}

// latestOf reads the results of one agent's states, by check.
func latestOf(ctx context.Context, src LatestSource, states []intake.CheckState) ([]intake.Result, error) {
	agentID := states[0].AgentID
	states = slices.Clone(states)
	slices.SortFunc(states, func(a, b intake.CheckState) int { return a.Time.Compare(b.Time) })
	found := map[string]intake.Result{}
	for len(states) > 0 {
		wanted := map[string]time.Time{}
		from, to := states[0].Time, states[0].Time
		for len(states) > 0 && states[0].Time.Sub(from) <= latestWindow {
			to = states[0].Time
			wanted[states[0].CheckID] = to
			states = states[1:]
		}
		err := src.Results(ctx, intake.Filter{AgentID: agentID, Since: from, Until: to.Add(time.Millisecond)}, func(r intake.Result) error {
			if at, ok := wanted[r.CheckID]; ok && at.Equal(r.Time) {
				r.Params = slices.Clone(r.Params)
				found[r.CheckID] = r
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	list := make([]intake.Result, 0, len(found))
	for _, r := range found {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b intake.Result) int { return strings.Compare(a.CheckID, b.CheckID) })
	return list, nil
}
