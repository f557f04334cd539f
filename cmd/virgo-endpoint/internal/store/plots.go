package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// EachPoint calls fn for the points of many series; see [intake.PlotHistory].
func (s *Store) EachPoint(ctx context.Context, q intake.PlotQuery, fn func(series int, p intake.Point) error) error {
	if len(q.Series) > intake.MaxPlotSeries {
		return fmt.Errorf("reading points of %d series: %d are allowed at once", len(q.Series), intake.MaxPlotSeries)
	}
	key, err := s.agentKey(ctx, q.AgentID)
	if err != nil {
		return err
	}
	h, err := s.historyFile(ctx, false)
	if err != nil {
		return err
	}
	return h.EachPoint(ctx, arrivals{s}, key, q, fn)
}

const (
	// lateHours is how many hours are read at once to find runs of late results.
	lateHours = 24
	// maxClockMargin bounds how far a clock may be off for its late results to be found.
	maxClockMargin = 24 * time.Hour
)

// Late returns the runs of late results; see [intake.PlotHistory]. The history knows the hours in which there are any, and only
// those are read.
func (s *Store) Late(ctx context.Context, agentID, checkID string, from, to time.Time) ([]intake.LateSpan, error) {
	key, err := s.agentKey(ctx, agentID)
	if err != nil {
		return nil, err
	}
	if earliest := to.Add(-intake.LateRange); from.Before(earliest) {
		from = earliest
	}
	h, err := s.historyFile(ctx, false)
	if err != nil {
		return nil, err
	}
	hours, err := h.LateHours(ctx, arrivals{s}, key, checkID, from.UnixMilli(), to.UnixMilli()-1)
	if err != nil || len(hours) == 0 {
		return nil, err
	}
	margin, err := s.clockMargin(ctx, agentID)
	if err != nil {
		return nil, err
	}
	var runs intake.LateRuns
	var end time.Time
	for len(hours) > 0 && !runs.Full() {
		begin := time.UnixMilli(hours[0])
		if !begin.Equal(end) {
			runs.Break()
		}
		n := 1
		for n < min(len(hours), lateHours) && hours[n] == hours[n-1]+time.Hour.Milliseconds() {
			n++
		}
		hours, end = hours[n:], begin.Add(time.Duration(n)*time.Hour)
		f := intake.Filter{AgentID: agentID, CheckID: checkID, Since: begin.Add(-margin), Until: end.Add(margin)}
		if err := s.lateRuns(ctx, f, later(begin, from), earlierOf(end, to), &runs); err != nil {
			return nil, err
		}
	}
	return runs.Spans(), nil
}

// lateRuns adds the results of a filter whose place in time is from from to before to.
func (s *Store) lateRuns(ctx context.Context, f intake.Filter, from, to time.Time, runs *intake.LateRuns) error {
	type arrived struct {
		place, received int64
		late            bool
	}
	var list []arrived
	err := s.Results(ctx, f, func(r intake.Result) error {
		if place := r.PlaceInTime(); !place.Before(from) && place.Before(to) {
			list = append(list, arrived{place.UnixMilli(), r.Received.UnixMilli(), r.Late})
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b arrived) int { return cmp.Compare(a.place, b.place) })
	for _, a := range list {
		runs.Add(time.UnixMilli(a.place), time.UnixMilli(a.received), a.late)
	}
	return nil
}

// clockMargin is by how much the times of an agent's results may differ from their places in time.
func (s *Store) clockMargin(ctx context.Context, agentID string) (time.Duration, error) {
	margin := time.Hour
	agents, err := s.Agents(ctx, agentID)
	if err != nil || len(agents) == 0 || agents[0].ClockOffsetMS == nil {
		return margin, err
	}
	offset := time.Duration(*agents[0].ClockOffsetMS) * time.Millisecond
	return margin + min(offset.Abs(), maxClockMargin), nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlierOf(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
