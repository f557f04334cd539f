package history

import (
	"context"
	"database/sql"
	"fmt"
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
	v, err := h.view(ctx, source, agent, &q.CheckID)
	if err != nil {
		return err
	}
	defer v.close()
	e := v.gatherer.dictionary.find(q.CheckID, q.Dimension, q.Metric)
	if e == nil {
		return intake.ErrNoSeries
	}
	c := v.gatherer.dictionary.entries[name{check: q.CheckID, kind: kindCheck}]
	if c == nil {
		return intake.ErrNoSeries
	}
	w := &walk{view: v, check: c.number, series: e.number, text: e.kind == kindText, out: emitter{query: &q, fn: fn}}
	from, to := e.firstDay, e.lastDay
	if !q.From.IsZero() {
		from = max(from, unitOf(q.From.UnixMilli(), dayMS))
	}
	if !q.To.IsZero() {
		to = min(to, unitOf(q.To.UnixMilli(), dayMS))
	}
	for day := from; day <= to; day++ {
		if err := w.day(day, q.Step); err != nil {
			return err
		}
	}
	if err := w.out.end(); err != nil {
		return err
	}
	if v.damaged > 0 {
		return fmt.Errorf("%w: rows of the history %q that cannot be read: %d", intake.ErrDamaged, v.path, v.damaged)
	}
	return nil
}

// maxOpen bounds the results and values that a view reads of what is not in columns yet. A usual agent has a few thousand.
const maxOpen = 4_000_000

// A view is what is known of an agent at one moment: what is in columns, and what is not yet.
type view struct {
	ctx      context.Context
	codec    *codec
	tx       *sql.Tx // nil without a file
	state    state
	agent    int64
	gatherer gatherer
	open     map[int64][]check // of hours
	damaged  int               // rows
	path     string
}

// view reads what of the agent, or of one check, is not in columns yet.
func (h *History) view(ctx context.Context, source Arrivals, agent int64, only *string) (v *view, err error) {
	v = &view{ctx: ctx, agent: agent, open: map[int64][]check{}}
	opened := v // v is nil after an error
	defer func() {
		if err != nil {
			opened.close()
			err = fmt.Errorf("reading the history: %w", err)
		}
	}()
	d := newDictionary()
	if h != nil {
		v.codec, v.path = h.codec, h.path
		// The mark is read before the arrivals: what becomes columns meanwhile is still among those.
		if d, err = v.begin(h); err != nil {
			return nil, named(err)
		}
	}
	v.gatherer.reset(d)
	err = source.Of(ctx, agent, v.state.mark(agent), func(res *intake.Result) error {
		if only == nil || res.CheckID == *only {
			v.gatherer.add(res)
		}
		if v.gatherer.size > maxOpen {
			return intake.ErrHistoryBehind
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for hour := range v.gatherer.hours {
		v.open[hour] = v.gatherer.take(hour)
	}
	return v, nil
}

// begin opens the history at one moment, and returns the agent's dictionary.
func (v *view) begin(h *History) (d *dictionary, err error) {
	if v.tx, err = h.read.BeginTx(v.ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return nil, err
	}
	if v.state, err = readState(v.ctx, v.tx); err != nil {
		return nil, err
	}
	content, damaged, err := get(v.ctx, v.tx, h.codec, "series", v.agent)
	if err != nil {
		return nil, err
	}
	d = newDictionary()
	if content != nil {
		if d, err = readDictionary(content); err != nil {
			d, damaged = newDictionary(), true
		}
	}
	if damaged {
		v.damaged++
	}
	return d, nil
}

func (v *view) close() {
	if v.tx != nil {
		v.tx.Rollback()
	}
}

// columns returns the columns of an hour.
func (v *view) columns(hour int64) ([]check, error) {
	if v.tx == nil {
		return v.open[hour], nil
	}
	list, _, _, damaged, err := chunks(v.ctx, v.tx, v.codec, hour, v.agent)
	if err != nil {
		return nil, err
	}
	if damaged {
		v.damaged++
	}
	var all []check
	for _, checks := range append(list, v.open[hour]) {
		all = merge(all, checks)
	}
	return all, nil
}

// rollup returns the roll-up of a row, with the results of the hours from first on that are not in it yet.
func (v *view) rollup(table string, k int64, length time.Duration, buckets int, first, hours int64) (rollup, error) {
	var list rollup
	if v.tx != nil {
		damaged, err := false, error(nil)
		if list, damaged, err = getRollup(v.ctx, v.tx, v.codec, table, k, buckets); err != nil {
			return nil, err
		}
		if damaged {
			v.damaged++
		}
	}
	for hour := first; hour < first+hours; hour++ {
		list.add(v.open[hour], first*hourMS, length.Milliseconds(), buckets)
	}
	return list, nil
}

// A walk goes over the days of a series.
type walk struct {
	view          *view
	check, series uint64
	text          bool
	out           emitter

	month *month // that of the last day
}

// A month is the roll-ups of its days.
type month struct {
	number        int64
	days, results []bucket // of the series, and of its check
	period        int64
	whole         bool // no day without results in it has any
}

// day emits the points of a day, in steps as fine as there are and as were asked for.
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
		return w.hours(first, w.every)
	case day >= s.minuteFloor && step < intake.Hourly:
		return w.hours(first, w.minutes)
	case columns && step < intake.Hourly:
		return w.hours(first, w.minutesOfColumns)
	case day >= s.hourFloor && step < intake.Daily:
		list, err := w.view.rollup("hours", key(day, w.view.agent), time.Hour, hourBuckets, first, hourBuckets)
		if err != nil {
			return err
		}
		return w.buckets(list, first*hourMS, intake.Hourly)
	}
	if m.days == nil {
		return nil
	}
	return w.bucket(&m.days[day%dayBuckets], m.period, day*dayMS, intake.Daily)
}

func (w *walk) monthOf(day int64) (*month, error) {
	n := day / dayBuckets
	if w.month != nil && w.month.number == n {
		return w.month, nil
	}
	damaged, first := w.view.damaged, n*dayBuckets*hourBuckets
	list, err := w.view.rollup("days", key(n, w.view.agent), 24*time.Hour, dayBuckets, first, dayBuckets*hourBuckets)
	if err != nil {
		return nil, err
	}
	w.month = &month{number: n, whole: w.view.damaged == damaged}
	w.month.days, w.month.period = list.series(w.check, w.series)
	w.month.results, _ = list.series(w.check, w.check)
	return w.month, nil
}

// hours calls fn for each hour of a day that has results of the check.
func (w *walk) hours(first int64, fn func(hour int64) error) error {
	day, damaged := dayOf(first), w.view.damaged
	list, err := w.view.rollup("hours", key(day, w.view.agent), time.Hour, hourBuckets, first, hourBuckets)
	if err != nil {
		return err
	}
	whole := w.view.damaged == damaged && day >= w.view.state.hourFloor
	results, _ := list.series(w.check, w.check)
	for hour := first; hour < first+hourBuckets; hour++ {
		if whole && (results == nil || results[hour-first].count == 0) || w.out.outside(hour*hourMS, hourMS) {
			continue
		}
		if err := fn(hour); err != nil {
			return err
		}
	}
	return nil
}

// every emits a point for each result of an hour.
func (w *walk) every(hour int64) error {
	list, err := w.view.columns(hour)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].number == w.check {
			return w.results(&list[i])
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
	list, err := w.view.rollup("minutes", key(hour, w.view.agent), intake.FiveMinutes, minuteBuckets, hour, 1)
	if err != nil {
		return err
	}
	return w.buckets(list, hour*hourMS, intake.FiveMinutes)
}

// minutesOfColumns is for hours whose roll-ups are deleted before their columns.
func (w *walk) minutesOfColumns(hour int64) error {
	checks, err := w.view.columns(hour)
	if err != nil {
		return err
	}
	var list rollup
	list.add(checks, hour*hourMS, 5*minuteMS, minuteBuckets)
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

// An emitter passes points on that the query selects.
type emitter struct {
	query *intake.SeriesQuery
	fn    func(intake.Point) error
	// last is the last point, if there was one; one of a text is passed on when the next is known to be another.
	last        intake.Point
	any, held   bool
	unavailable bool // there was a result without the metric since then
}

// outside reports whether nothing in a span is selected.
func (e *emitter) outside(start, length int64) bool {
	q := e.query
	return !q.From.IsZero() && start+length <= q.From.UnixMilli() || !q.To.IsZero() && start >= q.To.UnixMilli()
}

func (e *emitter) add(p intake.Point, text bool, period int64) error {
	if e.outside(p.Time.UnixMilli(), max(p.Span.Milliseconds(), 1)) {
		return nil
	}
	if text && e.any && e.last.Text == p.Text {
		e.last.Span, e.last.Count, e.last.Late = p.Time.Sub(e.last.Time), e.last.Count+1, e.last.Late || p.Late
		e.unavailable = false
		return nil
	}
	if e.any {
		p.Gap = intake.Missing(&e.last, &p, time.Duration(period)*time.Millisecond) || e.unavailable && p.Span == 0
	}
	if err := e.end(); err != nil {
		return err
	}
	e.last, e.any, e.held, e.unavailable = p, true, text, false
	if text {
		return nil
	}
	return e.fn(p)
}

// end passes on the text that is held back.
func (e *emitter) end() error {
	if !e.held {
		return nil
	}
	e.held = false
	return e.fn(e.last)
}
