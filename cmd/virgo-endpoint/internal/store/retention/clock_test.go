package retention

import (
	"testing"
	"time"
)

var start = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func TestClock(t *testing.T) {
	c, jump := Clock{}.Advance(start)
	if !c.Age.Equal(start) || jump != nil {
		t.Fatalf("the first time: %+v, %v", c, jump)
	}
	for _, step := range []struct {
		by, counted time.Duration
		jump        bool
	}{
		{time.Hour, time.Hour, false},
		{0, 0, false},
		{-time.Second, 0, false},
		{-time.Hour, 0, true},
		{Day, Day, false},
		{Day + time.Second, Day, true},
		{31 * Day, Day, true},
		{366 * Day, Day, true},
		{366*Day + time.Second, 0, true},
		{-50 * 365 * Day, 0, true},
		{60 * 365 * Day, 0, true},
		{time.Minute, time.Minute, false},
	} {
		next, jump := c.Advance(c.Wall.Add(step.by))
		if got := next.Age.Sub(c.Age); got != step.counted || (jump != nil) != step.jump {
			t.Errorf("a step of %v counts as %v (jump: %v), want %v", step.by, got, jump, step.counted)
		}
		if jump != nil && (jump.To.Sub(jump.From) != step.by || jump.Counted != step.counted || jump.String() == "") {
			t.Errorf("%+v", jump)
		}
		c = next
	}
}

func TestDays(t *testing.T) {
	for _, at := range []struct {
		time time.Time
		day  int64
	}{
		{time.Unix(0, 0), 0}, {time.Unix(-1, 0), -1}, {time.Unix(86399, 0), 0}, {time.Unix(86400, 0), 1},
		{time.Unix(-86400, 0), -1}, {time.Unix(-86401, 0), -2},
	} {
		if got := DayOf(at.time); got != at.day {
			t.Errorf("%v is on day %d, want %d", at.time, got, at.day)
		}
	}
	if HourOf(time.Unix(7200, 0)) != 2 {
		t.Error("hours")
	}
}
