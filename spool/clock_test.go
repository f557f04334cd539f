package spool

import (
	"slices"
	"testing"
	"time"
)

// However the wall clock jumps, no record is dropped for an age that it does not have.
func TestClockJumps(t *testing.T) {
	now := time.UnixMilli(0) // a host without a clock battery starts
	s := newSpool(t, Options{MaxAge: 24 * time.Hour, Now: func() time.Time { return now }})
	put(t, s, "1970")
	now = now.Add(time.Minute)
	put(t, s, "a minute later")
	now = testTime // the clock is set
	put(t, s, "2026")
	now = now.AddDate(50, 0, 0)
	put(t, s, "2076")
	now = now.AddDate(-60, 0, 0)
	put(t, s, "2016")
	now = time.Unix(-1, 0)
	put(t, s, "1969")
	now = testTime
	put(t, s, "2026 again")
	all := []string{"1970", "a minute later", "2026", "2076", "2016", "1969", "2026 again"}
	if got := queued(t, s); !slices.Equal(got, all) {
		t.Fatalf("queued: %q", got)
	}
	now = now.Add(-time.Hour)
	put(t, s, "an hour back")
	if got := queued(t, s); len(got) != 8 {
		t.Errorf("queued: %q", got)
	}
	// Time that passes between the jumps counts: the second record is a day old now, to the
	// millisecond.
	now = now.Add(23 * time.Hour)
	put(t, s, "x")
	now = now.Add(time.Hour)
	put(t, s, "y")
	if got := queued(t, s); !slices.Equal(got, slices.Concat(all[1:], []string{"an hour back", "x", "y"})) {
		t.Errorf("a day later: %q", got)
	}
	now = now.Add(time.Millisecond)
	put(t, s, "z")
	if got := queued(t, s); !slices.Equal(got, []string{"x", "y", "z"}) {
		t.Errorf("past a day: %q", got)
	}
}

// A host that slept for a month and a clock that is a month wrong look the same: both count as a
// day.
func TestClockJumpsByMonth(t *testing.T) {
	now := testTime
	s := newSpool(t, Options{MaxAge: 72 * time.Hour, Now: func() time.Time { return now }})
	put(t, s, "0")
	for _, step := range []int{30, -30, 30} {
		now = now.AddDate(0, 0, step)
		put(t, s, "x")
	}
	if got := queued(t, s); len(got) != 4 {
		t.Errorf("at two days by the spool's clock: %q", got)
	}
	now = now.AddDate(0, 0, 1)
	put(t, s, "x")
	if got := queued(t, s); len(got) != 5 {
		t.Errorf("at three days by the spool's clock: %q", got)
	}
	now = now.Add(time.Millisecond)
	put(t, s, "x")
	if got := queued(t, s); got[0] != "x" || len(got) != 5 {
		t.Errorf("past three days: %q", got)
	}
}

// The time a record was made is the caller's, whatever the spool's clock says.
func TestMadeIsUnchanged(t *testing.T) {
	s := newSpool(t, Options{MaxAge: time.Hour})
	years := []time.Time{{}, time.UnixMilli(0), time.UnixMilli(-5), testTime.AddDate(1000, 0, 0)}
	for _, made := range years {
		if _, err := appendAll(s, Entry{Agent: "a", Made: made, Data: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	records, err := s.Read(t.Context(), 0, 10, 100)
	if err != nil || len(records) != len(years) {
		t.Fatalf("read %d, %v", len(records), err)
	}
	for i, r := range records {
		if !r.Made.Equal(years[i]) {
			t.Errorf("made %v, read back %v", years[i], r.Made)
		}
	}
}

func TestInflow(t *testing.T) {
	now := testTime
	s := newSpool(t, Options{Now: func() time.Time { return now }})
	if in := stats(t, s).Inflow; in != (Inflow{}) {
		t.Errorf("before the first append: %+v", in)
	}
	put(t, s, "0123456789")
	if in := stats(t, s).Inflow; in != (Inflow{}) {
		t.Errorf("after one append: %+v", in)
	}
	for minute := 1; minute <= 5*24*60; minute += 30 {
		now = now.Add(30 * time.Minute)
		put(t, s, "0123456789")
		if minute == 31 {
			want := Inflow{Over: time.Hour, Records: 2, Bytes: int64(2 * one(10))}
			if in := stats(t, s).Inflow; in != want {
				t.Errorf("after an hour: %+v, want %+v", in, want)
			}
		}
	}
	in := stats(t, s).Inflow
	if in.Over < 24*time.Hour || in.Over > 48*time.Hour+30*time.Minute {
		t.Errorf("it covers %v", in.Over)
	}
	if perDay := float64(in.Records) / in.Over.Hours() * 24; perDay < 47 || perDay > 49 {
		t.Errorf("%.2f records a day, want 48: %+v", perDay, in)
	}
}
