package chart

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/figure"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A Reader makes plots. Thresholds, Standing and Changes may be nil.
type Reader struct {
	History intake.PlotHistory
	Store   intake.History
	// Thresholds returns where alarms of a host begin.
	Thresholds func(agentID string) []watch.Threshold
	// Standing returns the alarms of a host as they stand now, Changes reads those of before.
	Standing func(agentID string) []watch.Standing
	Changes  func(ctx context.Context, f watch.ChangeFilter, fn func(watch.Change) error) error
}

// schemaVersion grows when a field's meaning changes.
const schemaVersion = 1

// ErrTooMany is returned for more points than any step allows; errEnough ends a search that found something.
var (
	ErrTooMany = errors.New("there are more points than one answer can have: ask for a shorter span")
	errEnough  = errors.New("enough")
)

// A framed is a frame of a check with what its lines are read from.
type framed struct {
	figure.Frame
	checkID, checkType string
	// series are those of the frame, as read; lines index sources.
	sources []int
}

// Plots returns the plots of a host. Errors: ErrSpan, intake.ErrNoAgent, intake.ErrHistoryBehind.
func (r *Reader) Plots(ctx context.Context, q Query) (*Document, error) {
	if err := q.valid(); err != nil {
		return nil, err
	}
	list, err := r.series(ctx, q.AgentID)
	if err != nil {
		return nil, err
	}
	period, err := r.period(ctx, q.AgentID)
	if err != nil {
		return nil, err
	}
	step, perLine := stepOf(q.To.Sub(q.From), period)
	doc := &Document{SchemaVersion: schemaVersion, AgentID: q.AgentID, From: q.From.UnixMilli(), To: q.To.UnixMilli(), First: q.From.UnixMilli(),
		Step: step.Milliseconds(), Plots: []Plot{}, LeftOut: []string{}}
	frames := arrange(list, &q, doc)
	wanted, frames := choose(frames, min(MaxSeries, max(MaxPoints/perLine, figure.MaxLines)), doc)
	points, err := r.points(ctx, &q, list, wanted, step)
	if err != nil {
		return nil, err
	}
	var limits []watch.Threshold
	if r.Thresholds != nil {
		limits = r.Thresholds(q.AgentID)
	}
	for i := range frames {
		b := builder{frame: &frames[i], list: list, points: points, from: doc.From, to: doc.To}
		if plot, ok := b.plot(); ok {
			plot.Limits = thresholds(&frames[i], list, limits, plot.Max)
			doc.Plots = append(doc.Plots, plot)
		}
	}
	first := doc.To
	for i := range doc.Plots {
		if x := doc.Plots[i].X; len(x) > 0 {
			first = min(first, x[0])
		}
	}
	doc.First, err = r.begin(ctx, &q, list, first)
	return doc, err
}

// series returns the series of numbers of a host, one for each name.
func (r *Reader) series(ctx context.Context, agentID string) ([]intake.Series, error) {
	all, err := r.History.Series(ctx, agentID)
	if err != nil {
		return nil, err
	}
	var list []intake.Series
	for _, s := range all {
		if s.Text() {
			continue
		}
		if last := len(list) - 1; last >= 0 && list[last].CheckID == s.CheckID && list[last].Dimension == s.Dimension && list[last].Metric == s.Metric {
			first := list[last].First // its unit or type changed: the newer one counts
			if s.Last.After(list[last].Last) {
				list[last] = s
			}
			if first.Before(list[last].First) {
				list[last].First = first
			}
			continue
		}
		list = append(list, s)
	}
	return list, nil
}

// period returns the shortest period of a host's checks.
func (r *Reader) period(ctx context.Context, agentID string) (time.Duration, error) {
	checks, err := r.Store.Latest(ctx, agentID)
	if err != nil {
		return 0, err
	}
	var least time.Duration
	for i := range checks {
		if p := checks[i].Period; p > 0 && (least == 0 || p < least) {
			least = p
		}
	}
	return least, nil
}

// arrange returns the frames that a query selects, in the order in which they are shown.
func arrange(list []intake.Series, q *Query, doc *Document) []framed {
	type check struct {
		id, kind string
		members  []int
	}
	var checks []check
	for i := range list {
		s := &list[i]
		if q.CheckID != "" && q.CheckID != s.CheckID || s.Last.Add(24*time.Hour).Before(q.From) || s.First.After(q.To) {
			continue
		}
		if last := len(checks) - 1; last < 0 || checks[last].id != s.CheckID || checks[last].kind != s.CheckType {
			checks = append(checks, check{id: s.CheckID, kind: s.CheckType})
		}
		last := &checks[len(checks)-1]
		last.members = append(last.members, i)
	}
	slices.SortStableFunc(checks, func(a, b check) int {
		return cmp.Or(cmp.Compare(figure.Order(a.kind), figure.Order(b.kind)), strings.Compare(a.id, b.id))
	})
	var frames []framed
	for _, c := range checks {
		of := make([]figure.Series, len(c.members))
		for i, m := range c.members {
			of[i] = figure.Series{Dimension: list[m].Dimension, Metric: list[m].Metric, Type: list[m].Type, Unit: list[m].Unit}
		}
		for _, f := range figure.Arrange(c.kind, of) {
			switch {
			case q.PlotID != "" && q.PlotID != f.ID:
			case f.More && !q.More && q.PlotID == "":
				doc.More++
			default:
				frames = append(frames, framed{Frame: f, checkID: c.id, checkType: c.kind, sources: c.members})
			}
		}
	}
	return frames
}

// choose returns the indices of the series that frames need, at most limit, and the frames that can be made of them.
func choose(frames []framed, limit int, doc *Document) ([]int, []framed) {
	var wanted []int
	seen := map[int]bool{}
	for n := range frames {
		needed := frames[n].needs()
		fresh := 0
		for _, i := range needed {
			if !seen[i] {
				fresh++
			}
		}
		if len(wanted)+fresh > limit {
			for i := n; i < len(frames); i++ {
				if !slices.Contains(doc.LeftOut, frames[i].checkID) {
					doc.LeftOut = append(doc.LeftOut, frames[i].checkID)
				}
			}
			return wanted, frames[:n]
		}
		for _, i := range needed {
			if !seen[i] {
				seen[i] = true
				wanted = append(wanted, i)
			}
		}
	}
	return wanted, frames
}

// needs returns the indices of the series that a frame shows.
func (f *framed) needs() []int {
	var list []int
	add := func(l *figure.Line) {
		for _, i := range slices.Concat(l.Add, l.Take, l.Of) {
			list = append(list, f.sources[i])
		}
	}
	for i := range f.Lines {
		add(&f.Lines[i])
	}
	if f.Top != nil {
		add(f.Top)
	}
	return list
}

// points reads the points of the wanted series, by their index.
func (r *Reader) points(ctx context.Context, q *Query, list []intake.Series, wanted []int, step time.Duration) (map[int][]sample, error) {
	ask := intake.PlotQuery{AgentID: q.AgentID, From: q.From.Add(-lead(step)), To: q.To, Step: step}
	for _, i := range wanted {
		ask.Series = append(ask.Series, intake.SeriesRef{CheckID: list[i].CheckID, Dimension: list[i].Dimension, Metric: list[i].Metric})
	}
	found := make([][]sample, len(wanted))
	total := 0
	err := r.History.EachPoint(ctx, ask, func(n int, p intake.Point) error {
		if total++; total > 2*MaxPoints || n >= len(found) { // more than a line has by its step: results of several agents under one name
			return ErrTooMany
		}
		found[n] = append(found[n], sampleOf(&p, q.From.UnixMilli(), q.To.UnixMilli()))
		return nil
	})
	if err != nil {
		return nil, err
	}
	points := make(map[int][]sample, len(wanted))
	for n, i := range wanted {
		points[i] = found[n]
	}
	return points, nil
}

// lead is how much before a span is read, so that a rate has its first value.
func lead(step time.Duration) time.Duration { return max(step, 10*time.Minute) }

// begin returns where the axis begins: with the query, or with the first point if the history has none before it.
func (r *Reader) begin(ctx context.Context, q *Query, list []intake.Series, first int64) (int64, error) {
	from := q.From.UnixMilli()
	var oldest *intake.Series
	for i := range list {
		if !list[i].Text() && (oldest == nil || list[i].First.Before(oldest.First)) {
			oldest = &list[i]
		}
	}
	if oldest == nil || first >= q.To.UnixMilli() || first <= from {
		return from, nil
	}
	if oldest.First.After(q.From) {
		return first, nil
	}
	if oldest.First.Add(24 * time.Hour).Before(q.From) {
		return from, nil
	}
	earlier := false // it began on the day of the query's begin
	err := r.History.Points(ctx, intake.SeriesQuery{AgentID: q.AgentID, CheckID: oldest.CheckID, Metric: oldest.Metric, Dimension: oldest.Dimension,
		From: oldest.First, To: q.From, Step: intake.FiveMinutes}, func(intake.Point) error {
		earlier = true
		return errEnough
	})
	switch {
	case earlier:
		return from, nil
	case err != nil && !errors.Is(err, intake.ErrNoSeries):
		return 0, err
	}
	return first, nil
}
