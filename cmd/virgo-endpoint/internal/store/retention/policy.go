package retention

import "time"

// daysPerDay is how many days of segments are deleted in a day of the clock: see the package comment.
const daysPerDay = 2

// A Segment is what the policy has to know about a sealed segment.
type Segment struct {
	Number int64
	// Begun and Ended are times of the [Clock].
	Begun, Ended time.Time
	Bytes        int64
}

// span is the time that a deletion of the segment counts as.
func (s *Segment) span() time.Duration { return max(0, s.Ended.Sub(s.Begun)) }

// A Policy says how long results are kept.
type Policy struct {
	// Keep is the greatest age; 0 keeps results for ever.
	Keep time.Duration
	// MaxBytes is the bound of the store; 0 is none.
	MaxBytes int64
}

// A Rate is how much was deleted for its age on a day of the clock. It is saved with the store.
type Rate struct {
	Day int64 // DayOf the clock
	// Deleted is the time that the deleted segments span.
	Deleted time.Duration
}

// A Reason says why a segment is deleted.
type Reason int

// The reasons.
const (
	TooOld Reason = iota + 1
	TooMuch
)

// String says it for a log.
func (r Reason) String() string {
	if r == TooMuch {
		return "bytes"
	}
	return "age"
}

// Due returns whether the oldest of the sealed segments is to be deleted at this time of the clock, why,
// and the rate after it. used is what all of the store takes.
func (p Policy) Due(oldest *Segment, used int64, age time.Time, r Rate) (Reason, Rate, bool) {
	if p.MaxBytes > 0 && used > p.MaxBytes {
		return TooMuch, r, true
	}
	if p.Keep <= 0 || age.Sub(oldest.Ended) <= p.Keep {
		return 0, r, false
	}
	if day := DayOf(age); day != r.Day {
		r = Rate{Day: day}
	}
	if r.Deleted > 0 && r.Deleted+oldest.span() > daysPerDay*Day {
		return 0, r, false
	}
	r.Deleted += max(oldest.span(), time.Millisecond)
	return TooOld, r, true
}

// A Floor is a time before which results are not kept any more: the end of the youngest segment that was
// deleted.
type Floor struct {
	// Wall is that end by the wall clock, Age by the [Clock].
	Wall, Age time.Time
}

// At returns the floor now; zero if nothing was deleted. A result that was made before it and is not stored
// may be one that was deleted. A wall clock that was wrong when the segment ended must not make it later
// than the segment's age says.
func (f Floor) At(c Clock, now time.Time) time.Time {
	if f.Age.IsZero() {
		return time.Time{}
	}
	by := now.Add(-c.Age.Sub(f.Age))
	if f.Wall.Before(by) {
		return f.Wall
	}
	return by
}

// Raise returns the later of two floors.
func (f Floor) Raise(by Floor) Floor {
	if f.Age.IsZero() || by.Age.After(f.Age) {
		return by
	}
	return f
}
