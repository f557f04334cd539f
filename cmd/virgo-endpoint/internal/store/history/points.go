package history

import (
	"context"
	"fmt"
	"math"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Series lists the series of an agent; see intake.SeriesHistory. Without a file, h is nil, and what there is comes from
// source alone; the same is true of Points.
func (h *History) Series(ctx context.Context, source Arrivals, agent int64) ([]intake.Series, error) {
	v, err := h.view(ctx, source, agent, nil)
	if err != nil {
		return nil, err
	}
	defer v.close()
	return v.gatherer.dictionary.series(), nil
}

// Points calls fn for the points of a series of an agent; see intake.SeriesHistory. Error: intake.ErrNoSeries; also
// intake.ErrDamaged, after all points that can be read.
func (h *History) Points(
	ctx context.Context, source Arrivals, agent int64, q intake.SeriesQuery, fn func(intake.Point) error,
) error {
	v, err := h.view(ctx, source, agent, func(checkID string) bool { return checkID == q.CheckID })
	if err != nil {
		return err
	}
	defer v.close()
	w := v.walk(q, fn)
	if w == nil {
		return intake.ErrNoSeries
	}
	return v.along([]*walk{w}, q.Step)
}

// A walk goes over the days of a series.
type walk struct {
	view          *view
	check, series uint64
	text          bool
	out           emitter
	from, to      int64  // the first and the last day
	month         *month // that of the last day

	// Of the day that was begun: what to do with each hour, and which hours have results of the check.
	each  func(hour int64) error
	hours []bucket
	first int64
	whole bool // no hour without results in hours has any
}

// walk returns the walk along a series; nil if there is no such series.
func (v *view) walk(q intake.SeriesQuery, fn func(intake.Point) error) *walk {
	d := v.gatherer.dictionary
	e, c := d.find(q.CheckID, q.Dimension, q.Metric), d.entries[name{check: q.CheckID, kind: kindCheck}]
	if e == nil || c == nil {
		return nil
	}
	w := &walk{view: v, check: c.number, series: e.number, text: e.kind == kindText, out: emitter{query: &q, fn: fn}}
	w.from, w.to = e.firstDay, e.lastDay
	if !q.From.IsZero() {
		w.from = max(w.from, unitOf(q.From.UnixMilli(), dayMS))
	}
	if !q.To.IsZero() {
		w.to = min(w.to, unitOf(q.To.UnixMilli(), dayMS))
	}
	return w
}

// along goes along all walks at once, hour by hour, so that what is stored of an hour is read once for all of them.
func (v *view) along(walks []*walk, step time.Duration) error {
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	for _, w := range walks {
		from, to = min(from, w.from), max(to, w.to)
	}
	for day := from; day <= to; day++ {
		hourly := false
		for _, w := range walks {
			w.each = nil
			if day < w.from || day > w.to {
				continue
			}
			if err := w.day(day, step); err != nil {
				return err
			}
			hourly = hourly || w.each != nil
		}
		for hour := day * hourBuckets; hourly && hour < (day+1)*hourBuckets; hour++ {
			for _, w := range walks {
				if err := w.hour(hour); err != nil {
					return err
				}
			}
		}
	}
	for _, w := range walks {
		if err := w.out.end(); err != nil {
			return err
		}
	}
	if v.damaged > 0 {
		return fmt.Errorf("%w: rows of the history %q that cannot be read: %d", intake.ErrDamaged, v.path, v.damaged)
	}
	return nil
}

// A month is the roll-ups of its days.
type month struct {
	number        int64
	days, results []bucket // of the series, and of its check
	period        int64
	whole         bool // no day without results in it has any
}

// day emits the points of a day, in steps as fine as there are and as were asked for. Where they come from single hours, it
// sets what is to be done with each hour instead.
func (w *walk) day(day int64, step time.Duration) error {
	s, first := &w.view.state, day*hourBuckets
	m, err := w.monthOf(day)
	if err != nil {
		return err
	}
	if m.whole && (m.results == nil || m.results[day%dayBuckets].count == 0) {
		return nil
	}
	columns := day >= s.columnFloor
	switch {
	case w.text && !columns:
		return nil
	case w.text, columns && step < intake.FiveMinutes:
		w.each = w.every
	case day >= s.minuteFloor && step < intake.Hourly:
		w.each = w.minutes
	case columns && step < intake.Hourly:
		w.each = w.minutesOfColumns
	case day >= s.hourFloor && step < intake.Daily:
		row, err := w.hoursOf(day)
		if err != nil {
			return err
		}
		return w.buckets(row.rollup, first*hourMS, intake.Hourly)
	default:
		if m.days == nil {
			return nil
		}
		return w.bucket(&m.days[day%dayBuckets], m.period, day*dayMS, intake.Daily)
	}
	row, err := w.hoursOf(day)
	if err != nil {
		return err
	}
	w.first, w.whole = first, !row.damaged && day >= s.hourFloor
	w.hours, _ = row.rollup.series(w.check, w.check)
	return nil
}

func (w *walk) hoursOf(day int64) (*rollupRow, error) {
	return w.view.rollup("hours", key(day, w.view.agent), time.Hour, hourBuckets, day*hourBuckets, hourBuckets)
}

func (w *walk) monthOf(day int64) (*month, error) {
	n := day / dayBuckets
	if w.month != nil && w.month.number == n {
		return w.month, nil
	}
	first := n * dayBuckets * hourBuckets
	row, err := w.view.rollup("days", key(n, w.view.agent), 24*time.Hour, dayBuckets, first, dayBuckets*hourBuckets)
	if err != nil {
		return nil, err
	}
	w.month = &month{number: n, whole: !row.damaged}
	w.month.days, w.month.period = row.rollup.series(w.check, w.series)
	w.month.results, _ = row.rollup.series(w.check, w.check)
	return w.month, nil
}

// hour emits the points of an hour of a day that was begun, if it has results of the check.
func (w *walk) hour(hour int64) error {
	if w.each == nil || w.whole && (w.hours == nil || w.hours[hour-w.first].count == 0) || w.out.outside(hour*hourMS, hourMS) {
		return nil
	}
	return w.each(hour)
}

// every emits a point for each result of an hour.
func (w *walk) every(hour int64) error {
	c, err := w.view.columns(hour)
	if err != nil {
		return err
	}
	for i := range c.checks {
		if c.checks[i].number == w.check {
			return w.results(&c.checks[i])
		}
	}
	return nil
}

func (w *walk) results(c *check) error {
	col := c.column(w.series)
	next := 0 // value of col
	for row, at := range c.times {
		if col == nil || next >= len(col.rows) || col.rows[next] != int32(row) {
			w.out.unavailable = true
			continue
		}
		p := intake.Point{Time: time.UnixMilli(at), Count: 1, Late: c.flags[row]&flagLate != 0}
		if w.text {
			p.Text = col.texts[next]
		} else {
			v := col.values[next]
			p.Min, p.Max, p.Mean = v, v, v.Float()
		}
		next++
		if err := w.out.add(p, w.text, c.period); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) minutes(hour int64) error {
	row, err := w.view.rollup("minutes", key(hour, w.view.agent), intake.FiveMinutes, minuteBuckets, hour, 1)
	if err != nil {
		return err
	}
	return w.buckets(row.rollup, hour*hourMS, intake.FiveMinutes)
}

// minutesOfColumns is for hours whose roll-ups are deleted before their columns.
func (w *walk) minutesOfColumns(hour int64) error {
	list, err := w.view.minutesOf(hour)
	if err != nil {
		return err
	}
	return w.buckets(list, hour*hourMS, intake.FiveMinutes)
}

func (w *walk) buckets(list rollup, start int64, span time.Duration) error {
	buckets, period := list.series(w.check, w.series)
	for i := range buckets {
		if err := w.bucket(&buckets[i], period, start+int64(i)*span.Milliseconds(), span); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) bucket(b *bucket, period, start int64, span time.Duration) error {
	if b.count == 0 {
		return nil
	}
	return w.out.add(intake.Point{
		Time: time.UnixMilli(start), Span: span, Min: b.min, Max: b.max, Mean: b.mean, Count: b.count, Late: b.late,
	}, false, period)
}
