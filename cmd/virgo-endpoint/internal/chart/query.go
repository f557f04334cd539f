package chart

import (
	"errors"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Bounds of one answer.
const (
	// MaxSeries bounds the series that are read for one.
	MaxSeries = intake.MaxPlotSeries
	// MaxPoints bounds their points.
	MaxPoints = 400_000
	// MaxSpan is the longest span of time; what is kept is no longer.
	MaxSpan = 2*366*24*time.Hour + 24*time.Hour
	// maxLine is the number of points of one line above which a greater step is taken.
	maxLine = 3_000
)

// ErrSpan is returned for a span of time that is empty or longer than MaxSpan.
var ErrSpan = errors.New("the span of time is empty, or longer than two years")

// A Query selects plots of one host.
type Query struct {
	AgentID  string
	From, To time.Time
	// CheckID, and PlotID with it, select one; empty: all.
	CheckID, PlotID string
	// More adds plots of less important metrics.
	More bool
}

func (q *Query) valid() error {
	if span := q.To.Sub(q.From); span <= 0 || span > MaxSpan {
		return ErrSpan
	}
	return nil
}

// A Range is a span of time up to now, by name.
type Range struct {
	// Name is that in an address ("6h"), Title that for people.
	Name, Title string
	Span        time.Duration
}

// Ranges are those that people choose from.
func Ranges() []Range {
	const day = 24 * time.Hour
	return []Range{{"15m", "15 minutes", 15 * time.Minute}, {"1h", "Hour", time.Hour}, {"6h", "6 hours", 6 * time.Hour}, {"1d", "Day", day}, {"7d", "Week", 7 * day},
		{"30d", "Month", 30 * day}, {"90d", "3 months", 90 * day}, {"1y", "Year", 365 * day}, {"2y", "2 years", 730 * day}}
}

// DefaultRange is the name of the range that is shown first.
const DefaultRange = "6h"

// RangeOf returns a range by its name.
func RangeOf(name string) (Range, bool) {
	for _, r := range Ranges() {
		if r.Name == name {
			return r, true
		}
	}
	return Range{}, false
}

// stepOf returns the step for a span of time, and how many points a line has about. period is the shortest of the checks'; 0 if
// it is unknown.
func stepOf(span, period time.Duration) (step time.Duration, points int) {
	const day = 24 * time.Hour
	if period <= 0 {
		period = time.Minute
	}
	switch {
	case span <= 12*time.Hour && span/period <= maxLine:
		return intake.EveryResult, int(span/period) + 1
	case span <= 2*day:
		step = intake.FiveMinutes
	case span <= 31*day:
		step = intake.Hourly
	default:
		step = intake.Daily
	}
	return step, int(span/step) + 1
}
