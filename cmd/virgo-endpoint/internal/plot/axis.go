package plot

import (
	"math"
	"time"
)

// valueTicks returns the values of the ticks of an axis from at most low to at least high, which is at most most of
// them: multiples of 1, 2 or 5 times a power of ten, with binary of a power of two.
func valueTicks(low, high float64, most int, binary bool) []float64 {
	if size := max(math.Abs(low), math.Abs(high)); high-low <= size*leastSpan || size < leastSize {
		low, high = around(high)
	}
	for step := firstStep((high/2-low/2)/float64(most)*2, binary); ; step = nextStep(step, binary) {
		first, last := math.Floor(low/step), math.Ceil(high/step)
		if n := last - first + 1; n <= float64(most) {
			ticks := make([]float64, 0, most)
			for i := range int(n) {
				ticks = append(ticks, (first+float64(i))*step)
			}
			return ticks
		}
	}
}

// Bounds within which an axis can be divided: values that differ by less are drawn as one, and smaller ones as 0.
const (
	leastSpan = 1e-12
	leastSize = 1e-290
	largest   = 1e300
)

// around returns bounds for an axis of one value.
func around(v float64) (low, high float64) {
	switch {
	case math.Abs(v) < leastSize:
		return 0, 1
	case v > 0:
		return 0, v
	}
	return v, 0
}

// firstStep is a step that is not larger than the range of one.
func firstStep(span float64, binary bool) float64 {
	if binary {
		return math.Exp2(math.Floor(math.Log2(span)))
	}
	return math.Pow(10, math.Floor(math.Log10(span)))
}

// nextStep follows a step.
func nextStep(step float64, binary bool) float64 {
	if binary {
		return 2 * step
	}
	switch lead := math.Round(step / math.Pow(10, math.Floor(math.Log10(step)*(1+1e-15)+1e-9))); lead {
	case 2:
		return step / 2 * 5
	default:
		return step * 2
	}
}

// A timeTick is one of the time axis.
type timeTick struct {
	at   time.Time
	text string
}

// timeTicks returns the ticks of an axis of times, in the zone of from, which is at most most of them.
func timeTicks(from, to time.Time, most int) []timeTick {
	const day = 24 * time.Hour
	for _, step := range []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour,
		2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 14 * day, 30 * day, 60 * day, 90 * day, 180 * day, 365 * day, 730 * day, 3650 * day} {
		if to.Sub(from)/step+1 <= time.Duration(most) {
			return ticksOf(from, to, step)
		}
	}
	return nil
}

// ticksOf returns the ticks at multiples of a step, counted from a midnight.
func ticksOf(from, to time.Time, step time.Duration) (list []timeTick) {
	const day = 24 * time.Hour
	at := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, from.Location())
	for n := 0; !at.After(to); n++ {
		if !at.Before(from) {
			form := "15:04"
			switch {
			case step >= 300*day:
				form = "2006-01"
			case step >= day, at.Hour() == 0 && at.Minute() == 0:
				form = "Jan 2"
			}
			list = append(list, timeTick{at, at.Format(form)})
		}
		if step >= day { // a day has not always 24 hours
			at = at.AddDate(0, 0, int(step/day))
		} else {
			at = at.Add(step)
		}
	}
	return list
}
