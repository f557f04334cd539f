package intake

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Errors of reading series.
var (
	// ErrNoAgent is returned when nothing was ever stored for the agent.
	ErrNoAgent = errors.New("no such agent")
	// ErrNoSeries is returned when the agent never sent such a metric, or not for so long that it was forgotten.
	ErrNoSeries = errors.New("no such metric")
	// ErrHistoryBehind is returned while too much of an agent waits to become part of the history.
	ErrHistoryBehind = errors.New("too many of its results are not in the history yet: ask again when the endpoint has caught up")
)

// A SeriesHistory reads how metrics changed. It is safe for concurrent use, also beside an Intake. What
// is durable is read at once, also while its hour goes on.
//
// A result's place in time is when its check finished, by the agent's clock, corrected by how far that
// clock was off at the session's hello, and never later than its arrival nor more than two years before it.
type SeriesHistory interface {
	// Series lists an agent's series, sorted by check, dimension and metric. Error: ErrNoAgent.
	Series(ctx context.Context, agentID string) ([]Series, error)
	// Points calls fn for each point of a series, in the order of time; points of the same time are in any
	// order. An error of fn ends it and is returned. Errors: ErrNoAgent, ErrNoSeries.
	Points(ctx context.Context, query SeriesQuery, fn func(Point) error) error
}

// A Series is one metric of one check of an agent over time.
type Series struct {
	CheckID, CheckType string
	// Dimension is empty where there is none.
	Dimension, Metric string
	// Type and Unit are those of its latest value; Unit may be empty.
	Type, Unit string
	// First and Last are the days (UTC) of its earliest and of its latest value.
	First, Last time.Time
}

// Text reports whether the values are texts.
func (s *Series) Text() bool { return s.Type == "string" }

// The steps of a SeriesQuery.
const (
	// EveryResult is for a point for each result; where results are not kept any more, for five minutes
	// or more.
	EveryResult time.Duration = 0
	FiveMinutes               = 5 * time.Minute
	Hourly                    = time.Hour
	Daily                     = 24 * time.Hour
)

// A SeriesQuery selects points of a series.
type SeriesQuery struct {
	AgentID, CheckID, Metric string
	// Dimension is empty where the metric has none.
	Dimension string
	// From is the first time and To is behind the last; the zero time means any. With a Step, a point is
	// selected that has a part of its span between them.
	From, To time.Time
	// Step is one of the steps above. A point is for that span of time, and for a longer one where only that
	// is left. Series of texts have a point for each change, whatever the step.
	Step time.Duration
}

// A Point is what is known about a series at a time, or in a span of it.
type Point struct {
	// Time is that of the result, or the begin of the span.
	Time time.Time
	// Span is 0 for the point of one result.
	Span time.Duration
	// Min, Max and Mean are those of the values in the span. Min and Max are exact, Mean to a
	// 65,000th of the distance between them.
	Min, Max Value
	Mean     float64
	// Text is the value of a series of texts. It is shortened to MaxTextBytes.
	Text string
	// Count is the number of values.
	Count int64
	// Late is true if any of them was sent late.
	Late bool
	// Gap is true if values are missing before this point: the check was unavailable or did not run, or
	// the results are not here (yet). No line should be drawn to this point. The first point has none.
	Gap bool
}

// MaxTextBytes bounds the texts in series; the results have them whole.
const MaxTextBytes = 256

// maxAge is how long before its arrival a result can lie in time.
const maxAge = 2 * 365 * 24 * time.Hour

// PlaceInTime returns the time at which a result stands in a [SeriesHistory].
func (r *Result) PlaceInTime() time.Time {
	t := r.Time
	if r.ClockOffsetMS != nil && *r.ClockOffsetMS > -MaxAgeMS && *r.ClockOffsetMS < MaxAgeMS {
		t = time.UnixMilli(t.UnixMilli() + *r.ClockOffsetMS)
	}
	if earliest := r.Received.Add(-maxAge); t.Before(earliest) {
		return earliest
	}
	if t.After(r.Received) {
		return r.Received
	}
	return t
}

// Period returns the period of the check that a result's params name; 0 if they name none.
func Period(params json.RawMessage) time.Duration {
	var p struct {
		MinCheckPeriod int64 `json:"min_check_period"`
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return 0
	}
	return PeriodOfMS(p.MinCheckPeriod)
}

// PeriodOfMS returns a period in ms as it counts for [Missing]: 0 for one that cannot be.
func PeriodOfMS(ms int64) time.Duration {
	const longest = 366 * 24 * time.Hour
	if ms <= 0 || ms > longest.Milliseconds() {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

// Missing reports whether values are missing between two points of a series that follow each other, of a
// check with that period: it is their [Point.Gap], apart from results without the metric between them.
// Results may come half a period late.
func Missing(before, next *Point, period time.Duration) bool {
	distance := next.Time.Sub(before.Time.Add(before.Span))
	if next.Span == 0 {
		return period > 0 && distance > period+period/2
	}
	return distance > period
}
