package intaketest

import (
	"context"
	"errors"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// EachPoint implements [intake.PlotHistory].
func (m *Memory) EachPoint(ctx context.Context, q intake.PlotQuery, fn func(series int, p intake.Point) error) error {
	if _, err := m.ofAgent(ctx, q.AgentID); err != nil {
		return err
	}
	for i, s := range q.Series {
		err := m.Points(ctx, intake.SeriesQuery{AgentID: q.AgentID, CheckID: s.CheckID, Dimension: s.Dimension, Metric: s.Metric,
			From: q.From, To: q.To, Step: q.Step}, func(p intake.Point) error { return fn(i, p) })
		if err != nil && !errors.Is(err, intake.ErrNoSeries) {
			return err
		}
	}
	return nil
}

// Late implements [intake.PlotHistory].
func (m *Memory) Late(ctx context.Context, agentID, checkID string, from, to time.Time) ([]intake.LateSpan, error) {
	results, err := m.ofAgent(ctx, agentID)
	if err != nil {
		return nil, err
	}
	if earliest := to.Add(-intake.LateRange); from.Before(earliest) {
		from = earliest
	}
	var runs intake.LateRuns
	last := int64(0)
	for i := range results {
		r := &results[i]
		place := r.PlaceInTime()
		if checkID != "" && r.CheckID != checkID || place.Before(from) || !place.Before(to) {
			continue
		}
		if r.Late {
			hour := place.Unix() / 3600
			if hour > last+1 {
				runs.Break()
			}
			last = hour
		}
		runs.Add(place, r.Received, r.Late)
	}
	return runs.Spans(), nil
}
