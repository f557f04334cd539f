package retention

import (
	"testing"
	"time"
)

// segmentsOf makes sealed segments of a day each, the oldest first, up to the time of the clock.
func segmentsOf(days int, until time.Time) []Segment {
	var list []Segment
	for i := days; i > 0; i-- {
		begun := until.Add(time.Duration(-i) * Day)
		list = append(list, Segment{Number: int64(days - i + 1), Begun: begun, Ended: begun.Add(Day), Bytes: 100})
	}
	return list
}

// deleteDue deletes what is due at one time, and returns how many that were.
func deleteDue(p Policy, list *[]Segment, age time.Time, r *Rate) (n int) {
	for len(*list) > 0 {
		used := int64(0)
		for _, s := range *list {
			used += s.Bytes
		}
		_, next, due := p.Due(&(*list)[0], used, age, *r)
		if !due {
			break
		}
		*r, *list, n = next, (*list)[1:], n+1
	}
	return n
}

// In a year of days, a segment a day is deleted, and thirty days of results are always there.
func TestDueSteady(t *testing.T) {
	p := Policy{Keep: 30 * Day}
	var list []Segment
	var r Rate
	age := start
	for day := range 365 {
		list = append(list, Segment{Number: int64(day), Begun: age, Ended: age.Add(Day)})
		age = age.Add(Day)
		for range 24 {
			age = age.Add(time.Hour)
			deleteDue(p, &list, age, &r)
		}
		age = age.Add(-Day)
		if want := min(day+1, 31); len(list) < want-1 || len(list) > want {
			t.Fatalf("day %d: %d segments, want %d", day, len(list), want)
		}
	}
}

// A shorter time takes effect, two days of segments in a day of the clock.
func TestDueShortened(t *testing.T) {
	list := segmentsOf(30, start)
	p, age := Policy{Keep: 3 * Day}, start
	var r Rate
	for day := 0; len(list) > 0 && list[0].Ended.Before(age.Add(-p.Keep)); day++ {
		deleted := 0
		for range 24 {
			age = age.Add(time.Hour)
			deleted += deleteDue(p, &list, age, &r)
		}
		if deleted == 0 || deleted > 4 { // the hours of a day of results are on two days of the clock
			t.Fatalf("day %d: %d were deleted", day, deleted)
		}
		if day > 40 {
			t.Fatal("it does not catch up")
		}
	}
}

// However often the clock jumps, no more is deleted than the days that it counts.
func TestDueJumps(t *testing.T) {
	list := segmentsOf(60, start)
	p := Policy{Keep: 30 * Day}
	c, _ := Clock{}.Advance(start)
	var r Rate
	c, _ = c.Advance(start.Add(40 * 365 * Day))
	if n := deleteDue(p, &list, c.Age, &r); n > daysPerDay {
		t.Errorf("%d were deleted after a jump of forty years", n)
	}
	c, _ = c.Advance(start.Add(300 * Day))
	c, _ = c.Advance(start)
	if n := deleteDue(p, &list, c.Age, &r); n > 0 {
		t.Errorf("%d were deleted after a jump back", n)
	}
}

func TestDueBytes(t *testing.T) {
	list := segmentsOf(10, start)
	var r Rate
	if n := deleteDue(Policy{MaxBytes: 450}, &list, start, &r); n != 6 || r != (Rate{}) {
		t.Errorf("%d of 10 were deleted for their bytes, want 6", n)
	}
	if n := deleteDue(Policy{}, &list, start.Add(1000*Day), &r); n != 0 {
		t.Errorf("%d were deleted without bounds", n)
	}
	if reason, _, _ := (Policy{MaxBytes: 1}).Due(&list[0], 2, start, r); reason != TooMuch || reason.String() == TooOld.String() {
		t.Error(reason)
	}
}

// A segment that spans more than the rate is deleted all the same, alone.
func TestDueLongSegment(t *testing.T) {
	long := Segment{Begun: start, Ended: start.Add(100 * Day)}
	_, r, due := (Policy{Keep: Day}).Due(&long, 0, start.Add(200*Day), Rate{})
	if !due {
		t.Fatal("it is never deleted")
	}
	if _, _, due := (Policy{Keep: Day}).Due(&long, 0, start.Add(200*Day), r); due {
		t.Error("two of them are deleted on one day")
	}
}

func TestFloor(t *testing.T) {
	var f Floor
	c := Clock{Wall: start, Age: start}
	if !f.At(c, start).IsZero() {
		t.Error("a floor where nothing was deleted")
	}
	f = f.Raise(Floor{Wall: start.Add(-30 * Day), Age: start.Add(-30 * Day)})
	if got := f.At(c, start); !got.Equal(start.Add(-30 * Day)) {
		t.Error(got)
	}
	f = f.Raise(Floor{Wall: start.Add(-31 * Day), Age: start.Add(-31 * Day)})
	if got := f.At(c, start); !got.Equal(start.Add(-30 * Day)) {
		t.Errorf("it went back to %v", got)
	}
	// The segment ended while the clock was in the year 2066: results of today are not below the floor.
	wrong := Floor{Wall: start.Add(40 * 365 * Day), Age: start.Add(-30 * Day)}
	if got := wrong.At(c, start); !got.Equal(start.Add(-30 * Day)) {
		t.Error(got)
	}
}
