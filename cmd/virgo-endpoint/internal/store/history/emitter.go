package history

import (
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

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
