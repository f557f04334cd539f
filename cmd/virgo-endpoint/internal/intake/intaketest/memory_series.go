package intaketest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/schedule/shorttext"
)

// Series implements [intake.SeriesHistory].
func (m *Memory) Series(ctx context.Context, agentID string) ([]intake.Series, error) {
	results, err := m.ofAgent(ctx, agentID)
	if err != nil {
		return nil, err
	}
	type name struct{ check, dimension, metric, unit, text string }
	found := map[name]*intake.Series{}
	for _, r := range results {
		metrics, err := intake.Metrics(r.Params)
		if err != nil {
			return nil, err
		}
		day := r.PlaceInTime().UTC().Truncate(24 * time.Hour)
		for _, one := range metrics {
			key := name{check: r.CheckID, dimension: one.Dimension, metric: one.Name, unit: one.Unit}
			if one.Type == "string" {
				key.text = "string"
			}
			s := found[key]
			if s == nil {
				s = &intake.Series{CheckID: r.CheckID, Dimension: one.Dimension, Metric: one.Name, Unit: one.Unit, First: day}
				found[key] = s
			}
			s.CheckType, s.Type, s.Last = r.CheckType, one.Type, day
		}
	}
	var list []intake.Series
	for _, s := range found {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b intake.Series) int {
		return cmp.Or(strings.Compare(a.CheckID, b.CheckID), strings.Compare(a.Dimension, b.Dimension),
			strings.Compare(a.Metric, b.Metric), strings.Compare(a.Unit, b.Unit), strings.Compare(a.Type, b.Type))
	})
	return list, nil
}

// ofAgent returns the agent's results in the order of their place in time.
func (m *Memory) ofAgent(ctx context.Context, agentID string) ([]intake.Result, error) {
	m.mu.Lock()
	known := m.agents[agentID] != nil
	m.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !known:
		return nil, intake.ErrNoAgent
	}
	list := m.selected(intake.Filter{AgentID: agentID})
	slices.SortStableFunc(list, func(a, b intake.Result) int { return a.PlaceInTime().Compare(b.PlaceInTime()) })
	return list, nil
}

// Points implements [intake.SeriesHistory].
func (m *Memory) Points(ctx context.Context, q intake.SeriesQuery, fn func(intake.Point) error) error {
	results, err := m.ofAgent(ctx, q.AgentID)
	if err != nil {
		return err
	}
	var points []intake.Point
	found, unavailable := false, false
	for _, r := range results {
		if r.CheckID != q.CheckID {
			continue
		}
		metrics, err := intake.Metrics(r.Params)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(metrics, func(one intake.Metric) bool {
			return one.Name == q.Metric && one.Dimension == q.Dimension
		})
		if i < 0 {
			unavailable = true
			continue
		}
		found = true
		p := intake.Point{Time: r.PlaceInTime(), Count: 1, Late: r.Late}
		if v, ok := intake.ParseValue(metrics[i].Type, metrics[i].Value); ok {
			p.Min, p.Max, p.Mean = v, v, v.Float()
		} else {
			p.Text = shorttext.Truncate(metrics[i].Value, intake.MaxTextBytes)
		}
		if q.Step > 0 && metrics[i].Type != "string" {
			p.Time, p.Span = p.Time.Truncate(q.Step), q.Step
		}
		if !q.From.IsZero() && !p.Time.Add(max(p.Span, time.Millisecond)).After(q.From) || !q.To.IsZero() && !p.Time.Before(q.To) {
			continue
		}
		last := len(points) - 1
		switch {
		case last < 0:
		case metrics[i].Type == "string" && points[last].Text == p.Text:
			points[last].Span, points[last].Count = p.Time.Sub(points[last].Time), points[last].Count+1
			points[last].Late, unavailable = points[last].Late || p.Late, false
			continue
		case p.Span > 0 && points[last].Time.Equal(p.Time):
			join(&points[last], &p)
			continue
		default:
			p.Gap = intake.Missing(&points[last], &p, intake.Period(r.Params)) || unavailable && p.Span == 0
		}
		unavailable = false
		points = append(points, p)
	}
	if !found {
		return intake.ErrNoSeries
	}
	for _, p := range points {
		if err := fn(p); err != nil {
			return err
		}
	}
	return nil
}

// join adds the values of b to those of a.
func join(a, b *intake.Point) {
	if b.Min.Compare(a.Min) < 0 {
		a.Min = b.Min
	}
	if b.Max.Compare(a.Max) > 0 {
		a.Max = b.Max
	}
	n, k := float64(a.Count), float64(b.Count)
	a.Mean = (a.Mean*n + b.Mean*k) / (n + k)
	a.Count += b.Count
	a.Late = a.Late || b.Late
}
