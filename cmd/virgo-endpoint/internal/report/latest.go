package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// maxLatest bounds the memory that the latest results of one agent take, in bytes of their texts and params.
const maxLatest = 32 << 20

// ErrLatestTooLarge is returned for an agent whose latest results are larger together than what is kept at a time.
var ErrLatestTooLarge = fmt.Errorf("its latest results are larger than %d MiB together: ask for one check", maxLatest>>20)

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
		if filter.CheckID != "" && states[0].CheckID != filter.CheckID {
			states = states[1:]
			continue
		}
		n := 1
		for n < len(states) && states[n].AgentID == states[0].AgentID && (filter.CheckID == "" || states[n].CheckID == filter.CheckID) {
			n++
		}
		results, err := latestOf(ctx, src, &filter, states[:n])
		if err != nil {
			return err
		}
		for i := range results {
			if err := fn(results[i]); err != nil {
				return err
			}
		}
		states = states[n:]
	}
	return nil
}

// latestOf reads those results of one agent's states that the filter selects, by check. Error: ErrLatestTooLarge.
func latestOf(ctx context.Context, src LatestSource, filter *intake.Filter, states []intake.CheckState) ([]intake.Result, error) {
	agentID := states[0].AgentID
	states = slices.Clone(states)
	slices.SortFunc(states, func(a, b intake.CheckState) int { return a.Time.Compare(b.Time) })
	found, size := map[string]intake.Result{}, 0
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
				if last, ok := found[r.CheckID]; ok {
					size -= last.Size()
					delete(found, r.CheckID)
				}
				if !filter.Selects(&r) {
					return nil
				}
				if size += r.Size(); size > maxLatest {
					return ErrLatestTooLarge
				}
				found[r.CheckID] = r.Clone()
			}
			return nil
		})
		if errors.Is(err, ErrLatestTooLarge) {
			return nil, fmt.Errorf("agent %q: %w", agentID, err)
		}
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
