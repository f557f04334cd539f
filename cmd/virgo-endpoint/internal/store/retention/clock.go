package retention

import (
	"fmt"
	"time"
)

const (
	// maxStep is the longest step of the wall clock that is counted at all. A host that starts in 1970 and
	// then sets its clock makes a longer one.
	maxStep = 366 * Day
	// maxCounted is the longest time that one step counts as.
	maxCounted = Day
	// jitter is how far a wall clock may go back without a report.
	jitter = time.Minute

	// Day is the time between two rates of deletion.
	Day = 24 * time.Hour
)

// A Clock measures the age of what is stored. It never goes back.
type Clock struct {
	// Wall is the wall clock when Age was computed.
	Wall time.Time
	// Age is this clock's time. It begins as the wall clock's, and stays behind it where that jumps.
	Age time.Time
}

// A Jump is a step of the wall clock that was not counted as it was.
type Jump struct {
	From, To time.Time
	// Counted is the time that the step counts as.
	Counted time.Duration
}

// String says it for a log.
func (j *Jump) String() string {
	step := j.To.Sub(j.From)
	if step < 0 {
		return fmt.Sprintf("the clock went back by %v, from %s to %s; nothing ages by that", -step.Round(time.Second), stamp(j.From), stamp(j.To))
	}
	return fmt.Sprintf("the clock advanced by %v, from %s to %s; results age by %v", step.Round(time.Second), stamp(j.From), stamp(j.To), j.Counted)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Advance returns the clock at now. The zero Clock starts there. jump is nil if the step was counted as
// it is.
func (c Clock) Advance(now time.Time) (next Clock, jump *Jump) {
	if c.Age.IsZero() {
		return Clock{Wall: now, Age: now}, nil
	}
	step := now.Sub(c.Wall)
	var counted time.Duration
	if step > 0 && step <= maxStep {
		counted = min(step, maxCounted)
	}
	if counted != step && (step > 0 || step < -jitter) {
		jump = &Jump{From: c.Wall, To: now, Counted: counted}
	}
	return Clock{Wall: now, Age: c.Age.Add(counted)}, jump
}

// DayOf returns the number of the UTC day of a time of the clock.
func DayOf(t time.Time) int64 { return floorDiv(t.UnixMilli(), Day.Milliseconds()) }

// HourOf returns the number of the hour of a time of the clock.
func HourOf(t time.Time) int64 { return floorDiv(t.UnixMilli(), time.Hour.Milliseconds()) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
