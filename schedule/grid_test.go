package schedule

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func TestNext(t *testing.T) {
	c := minutely("a").Checks[0]
	phase := c.Phase("host")
	grid := simulationStart.Truncate(time.Minute).Add(phase)
	for _, tc := range []struct {
		name string
		last Last
		now  time.Time
		want time.Time
		due  bool
	}{
		{"never ran", Last{}, grid.Add(7 * time.Second), grid, true},
		{"just ran", Last{Slot: grid}, grid.Add(7 * time.Second), grid.Add(time.Minute), false},
		{"a little early", Last{Slot: grid}, grid.Add(51 * time.Second), grid.Add(51 * time.Second), true},
		{"too early", Last{Slot: grid}, grid.Add(49 * time.Second), grid.Add(time.Minute), false},
		{"taken early", Last{Slot: grid.Add(time.Minute)}, grid.Add(52 * time.Second), grid.Add(2 * time.Minute), false},
		{"missed runs", Last{Slot: grid}, grid.Add(time.Hour + time.Second), grid.Add(time.Hour), true},
		{"the clock was set back", Last{Slot: grid.Add(time.Hour)}, grid.Add(time.Second), grid, true},
		{"1970", Last{Slot: grid}, time.Unix(3, 0), time.Time{}, true},
		{"a live claim", Last{Slot: grid, ClaimedAt: grid.Add(time.Minute), ClaimedUntil: grid.Add(2 * time.Minute)}, grid.Add(61 * time.Second), grid.Add(2 * time.Minute), false},
		{"an expired claim", Last{Slot: grid, ClaimedAt: grid.Add(time.Minute), ClaimedUntil: grid.Add(2 * time.Minute)}, grid.Add(2*time.Minute + time.Second), grid.Add(2 * time.Minute), true},
	} {
		got := Next("host", c, tc.last, tc.now)
		if !tc.want.IsZero() && !got.Equal(tc.want) {
			t.Errorf("%s: next at %s, want %s", tc.name, got.Sub(grid), tc.want.Sub(grid))
		}
		if due := !got.After(tc.now); due != tc.due {
			t.Errorf("%s: due %v, want %v", tc.name, due, tc.due)
		}
	}
}

func TestNextAgreesWithClaim(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 5_000 {
		c := Check{ID: fmt.Sprint(rng.IntN(50)), Type: "t", Period: time.Duration(1+rng.IntN(100_000)) * time.Second, Timeout: time.Minute}
		now := time.UnixMilli(rng.Int64N(4e12) - 1e12)
		last := Last{Slot: now.Add(time.Duration(rng.Int64N(6e14)) - 3e14), Ran: now}
		if rng.IntN(3) == 0 {
			last.ClaimedAt = now.Add(time.Duration(rng.Int64N(2e11)) - 1e11)
			last.ClaimedUntil = last.ClaimedAt.Add(time.Minute)
		}
		st := newMemory()
		if err := putLast(st, c.ID, last); err != nil {
			t.Fatal(err)
		}
		due := !Next("h", c, last, now).After(now)
		if got := claims(t, st, c, now); got != due {
			t.Fatalf("%+v, %+v at %s: claimed %v, next says due %v", c, last, now, got, due)
		}
	}
}

func claims(t *testing.T, st Store, c Check, now time.Time) bool {
	t.Helper()
	got, err := Claim(st, "h", Schedule{Checks: []Check{c}}, now, aMinute)
	if err != nil {
		t.Fatal(err)
	}
	return len(got) == 1
}

func TestChangedPeriod(t *testing.T) {
	st, s := newMemory(), minutely("a")
	start := simulationStart.Add(20 * time.Minute) // its grid point is not on the hourly grid
	finish(t, st, claim(t, st, s, start), start)
	s.Checks[0].Period = time.Hour
	now := start.Add(2 * time.Minute)
	runs := 0
	for range 24 * 60 {
		got := claim(t, st, s, now)
		runs += len(got)
		for _, c := range got {
			if phase := s.Checks[0].Phase("host"); c.Slot.Add(-phase).UnixMilli()%time.Hour.Milliseconds() != 0 {
				t.Fatalf("%s is not on the grid of the new period", c.Slot)
			}
		}
		finish(t, st, got, now)
		now = now.Add(time.Minute)
	}
	if runs < 24 || runs > 25 {
		t.Errorf("%d runs in a day of an hourly check that ran every minute before", runs)
	}
}

func TestSlack(t *testing.T) {
	for period, want := range map[time.Duration]time.Duration{
		time.Second: time.Second / 6, 12 * time.Second: 2 * time.Second, time.Minute: 10 * time.Second, 24 * time.Hour: 10 * time.Second,
	} {
		if got := slack(period); got != want {
			t.Errorf("slack of %s is %s, want %s", period, got, want)
		}
	}
}

func TestPhasesSpread(t *testing.T) {
	buckets := make([]int, 6)
	for agent := range 600 {
		c := Check{ID: "cpu", Period: time.Minute}
		p := c.Phase(fmt.Sprintf("host-%d", agent))
		if p < 0 || p >= c.Period || p%time.Second != 0 {
			t.Fatalf("phase %s", p)
		}
		buckets[p/(10*time.Second)]++
	}
	for i, n := range buckets {
		if n < 60 || n > 140 {
			t.Errorf("%d of 600 agents have a phase in sixth %d of the minute", n, i)
		}
	}
	// The grid must not move between versions: all checks would run twice, or late.
	if p := (Check{ID: "cpu", Period: 24 * time.Hour}).Phase("web-1"); p != goldenPhase {
		t.Errorf("phase %s, want %s", p, goldenPhase)
	}
}

// goldenPhase is the first 8 bytes of SHA-256("web-1\x00cpu") modulo 86400, in seconds.
const goldenPhase = 7*time.Hour + 57*time.Minute + 3*time.Second
