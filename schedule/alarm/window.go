package alarm

import (
	"math"
	"time"
)

// A windowKind says what is computed over a time.
type windowKind uint8

const (
	noWindow windowKind = iota
	windowMean
	windowMin
	windowMax
	// windowRise is the sum of what a counter grew, over resets too.
	windowRise
	// windowTrend is the growth per second, by least squares.
	windowTrend
)

// A Window is what has to be remembered of a metric for an expression.
type Window struct {
	// Metric is a name, one with its dimension before the last point, or of a rise a pattern.
	Metric string
	// Over is the length of the window.
	Over time.Duration
	Kind windowKind
}

// buckets of a window. Those of a trend are few, since a line needs no more.
const (
	usualBuckets = 60
	trendBuckets = 24
)

// A bucket sums up the values in a part of a window: their sum and number, or the extreme or the rise.
type bucket struct {
	value float64
	count uint32
}

// A ring holds the last values of one metric, in buckets of equal width that are aligned in time, so
// that it depends on the values and their times alone.
type ring struct {
	window  Window
	buckets []bucket
	// newest is the number of the newest bucket: its begin divided by the width. The others follow below.
	newest int64
	// first is when the oldest value came that the ring still knows of.
	first, last time.Time
}

func newRing(w Window) *ring {
	n := usualBuckets
	if w.Kind == windowTrend {
		n = trendBuckets
	}
	return &ring{window: w, buckets: make([]bucket, n)}
}

func (r *ring) width() time.Duration { return r.window.Over / time.Duration(len(r.buckets)) }

func (r *ring) number(at time.Time) int64 {
	w := int64(r.width())
	n := at.UnixNano()
	return (n - ((n%w)+w)%w) / w
}

func (r *ring) at(number int64) *bucket {
	n := int64(len(r.buckets))
	return &r.buckets[(number%n+n)%n]
}

// advance forgets the buckets that a later time leaves behind.
func (r *ring) advance(number int64) {
	n := int64(len(r.buckets))
	if r.first.IsZero() || number-r.newest >= n {
		clear(r.buckets)
		r.newest, r.first = number, time.Time{}
		return
	}
	for r.newest < number {
		r.newest++
		*r.at(r.newest) = bucket{}
	}
}

// add adds a value, of a rise what the counter grew. One that is older than the window is ignored.
func (r *ring) add(at time.Time, value float64) {
	number := r.number(at)
	if r.first.IsZero() || number > r.newest {
		r.advance(number)
	}
	if r.newest-number >= int64(len(r.buckets)) {
		return
	}
	if r.first.IsZero() || at.Before(r.first) {
		r.first = at
	}
	if at.After(r.last) {
		r.last = at
	}
	b := r.at(number)
	switch {
	case b.count == 0:
		b.value = value
	case r.window.Kind == windowMin:
		b.value = math.Min(b.value, value)
	case r.window.Kind == windowMax:
		b.value = math.Max(b.value, value)
	default:
		b.value += value
	}
	b.count = min(b.count+1, math.MaxUint32-1)
}

// value returns what the window says at a time. It is not ok before half of the window is covered;
// period is the distance of the values.
func (r *ring) value(now time.Time, period time.Duration) (float64, bool) {
	newest := r.number(now)
	if r.first.IsZero() || newest-r.newest >= int64(len(r.buckets)) {
		return 0, false
	}
	oldest := max(r.newest, newest) - int64(len(r.buckets)) + 1
	first := time.Unix(0, oldest*int64(r.width()))
	if r.first.After(first) {
		first = r.first
	}
	if now.Sub(first)+period < r.window.Over/2 {
		return 0, false
	}
	if r.window.Kind == windowTrend {
		return r.slope(oldest)
	}
	return r.total(oldest)
}

// total returns what the buckets from oldest on make together.
func (r *ring) total(oldest int64) (float64, bool) {
	var sum float64
	var count uint64
	for number := oldest; number <= r.newest; number++ {
		b := r.at(number)
		switch {
		case b.count == 0:
			continue
		case count == 0:
			sum = b.value
		case r.window.Kind == windowMin:
			sum = math.Min(sum, b.value)
		case r.window.Kind == windowMax:
			sum = math.Max(sum, b.value)
		default:
			sum += b.value
		}
		count += uint64(b.count)
	}
	if count == 0 {
		return 0, false
	}
	if r.window.Kind == windowMean {
		sum /= float64(count)
	}
	return sum, !math.IsInf(sum, 0) && !math.IsNaN(sum)
}

// minTrendPoints is the number of buckets with values that a line needs.
const minTrendPoints = 4

// slope returns the growth per second of the line through the means of the buckets.
func (r *ring) slope(oldest int64) (float64, bool) {
	var n, sumX, sumY, sumXX, sumXY float64
	for number := oldest; number <= r.newest; number++ {
		b := r.at(number)
		if b.count == 0 {
			continue
		}
		x, y := float64(number-oldest)*r.width().Seconds(), b.value/float64(b.count)
		n, sumX, sumY, sumXX, sumXY = n+1, sumX+x, sumY+y, sumXX+x*x, sumXY+x*y
	}
	divisor := n*sumXX - sumX*sumX
	if n < minTrendPoints || divisor <= 0 {
		return 0, false
	}
	slope := (n*sumXY - sumX*sumY) / divisor
	return slope, !math.IsInf(slope, 0) && !math.IsNaN(slope)
}
