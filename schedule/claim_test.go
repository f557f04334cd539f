package schedule

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

func ids(claims []Claimed) []string {
	var out []string
	for _, c := range claims {
		out = append(out, c.Check.ID)
	}
	return out
}

func aMinute(Check) time.Duration { return time.Minute }

func claim(t *testing.T, st Store, s Schedule, now time.Time) []Claimed {
	t.Helper()
	out, err := Claim(st, "host", s, now, aMinute)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func finish(t *testing.T, st Store, done []Claimed, ran time.Time) {
	t.Helper()
	if err := Finish(st, done, ran); err != nil {
		t.Fatal(err)
	}
}

func minutely(names ...string) Schedule {
	var s Schedule
	for _, id := range names {
		s.Checks = append(s.Checks, Check{ID: id, Type: "agent.cpu", Period: time.Minute, Timeout: time.Minute})
	}
	return s
}

func TestOverlappingRunTakesOtherChecks(t *testing.T) {
	st, now := newMemory(), simulationStart
	first := claim(t, st, minutely("a", "b"), now)
	if got := ids(first); !slices.Equal(got, []string{"a", "b"}) {
		t.Fatalf("the first run takes %v", got)
	}
	second := claim(t, st, minutely("a", "b", "c"), now.Add(time.Second))
	if got := ids(second); !slices.Equal(got, []string{"c"}) {
		t.Fatalf("the second run takes %v, want only c", got)
	}
	finish(t, st, first, now.Add(2*time.Second))
	third := claim(t, st, minutely("a", "b", "c"), now.Add(3*time.Second))
	if len(third) > 0 && third[0].Slot.Equal(first[0].Slot) {
		t.Errorf("a grid point is taken twice: %v", third)
	}
}

func TestDisabledChecksAreNeverClaimed(t *testing.T) {
	s := minutely("a")
	s.Checks[0].Disabled = true
	if got := claim(t, newMemory(), s, simulationStart); got != nil {
		t.Errorf("claimed %v", ids(got))
	}
	if next := Next("host", s.Checks[0], Last{}, simulationStart); !next.IsZero() {
		t.Errorf("next run of a disabled check: %v", next)
	}
}

func TestClaimExpires(t *testing.T) {
	st, s, now := newMemory(), minutely("a"), simulationStart
	expired := claim(t, st, s, now)
	if got := claim(t, st, s, now.Add(time.Minute-time.Millisecond)); len(got) != 0 {
		t.Fatal("taken while the claim is live")
	}
	next := claim(t, st, s, now.Add(time.Minute))
	if len(next) != 1 {
		t.Fatal("not taken after the claim expired")
	}
	// The first run was not killed but suspended. It must not end the second one's claim.
	before := st.Get(CheckSpace, "a")
	finish(t, st, expired, now.Add(time.Minute+time.Second))
	if err := Release(st, expired); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, st.Get(CheckSpace, "a")) {
		t.Error("a run ended the claim of a later run")
	}
	finish(t, st, next, now.Add(2*time.Minute))
	last := ReadLast(st, "a")
	if !last.Slot.Equal(next[0].Slot) || !last.Ran.Equal(now.Add(2*time.Minute)) || !last.ClaimedUntil.IsZero() {
		t.Errorf("stored %+v", last)
	}
	finish(t, st, next, now.Add(3*time.Minute))
	if again := ReadLast(st, "a"); again != last {
		t.Error("a claim was finished twice")
	}
}

func TestFinishAfterTheClaimExpired(t *testing.T) {
	st, s, now := newMemory(), minutely("a"), simulationStart
	late := claim(t, st, s, now)
	finish(t, st, late, now.Add(10*time.Minute))
	if last := ReadLast(st, "a"); !last.Slot.Equal(late[0].Slot) {
		t.Errorf("stored %+v", last)
	}
}

func TestReleasedCheckIsDue(t *testing.T) {
	st, s, now := newMemory(), minutely("a"), simulationStart
	if err := Release(st, claim(t, st, s, now)); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, st, s, now.Add(time.Second)); len(got) != 1 {
		t.Error("a released check is not due")
	}
}

func TestClaimAfterClockSetBack(t *testing.T) {
	st, s := newMemory(), minutely("a")
	claim(t, st, s, simulationStart.Add(time.Hour))
	if got := claim(t, st, s, simulationStart); len(got) != 1 {
		t.Error("a claim from the future blocks the check")
	}
	// A small step of the clock during a run must not start the check twice.
	st = newMemory()
	claim(t, st, s, simulationStart)
	if got := claim(t, st, s, simulationStart.Add(-2*time.Second)); len(got) != 0 {
		t.Error("taken twice after a step of two seconds")
	}
}

// A claim whose end has a fraction of a millisecond, which is not stored, would differ from the
// stored one.
func TestClaimEndsAtAWholeMillisecond(t *testing.T) {
	st := newMemory()
	got, err := Claim(st, "host", minutely("a"), simulationStart, func(Check) time.Duration { return time.Minute + 1500*time.Microsecond })
	if err != nil {
		t.Fatal(err)
	}
	if last := ReadLast(st, "a"); !last.ClaimedUntil.Equal(got[0].Until) {
		t.Errorf("stored until %s, claimed until %s", last.ClaimedUntil, got[0].Until)
	}
}

func TestClaimLifeIsClamped(t *testing.T) {
	for _, ttl := range []time.Duration{-time.Hour, 0, time.Nanosecond, 1 << 62} {
		got, err := Claim(newMemory(), "host", minutely("a"), simulationStart, func(Check) time.Duration { return ttl })
		if err != nil {
			t.Fatal(err)
		}
		if life := got[0].Until.Sub(simulationStart); life < time.Second || life > maxClaim {
			t.Errorf("ttl %s: lives %s", ttl, life)
		}
	}
}

// A stored claim that is longer than claims can be is not believed: after a jump of the clock, or
// from damage, it must not silence its check.
func TestStoredClaimLongerThanTheMaximumIsIgnored(t *testing.T) {
	now := simulationStart
	for _, tc := range []struct {
		name      string
		at, until time.Duration // from now
		alive     bool
	}{
		{"as long as allowed", 0, maxClaim, true},
		{"a little longer", 0, maxClaim + time.Millisecond, false},
		{"a year, made just now", 0, 365 * 24 * time.Hour, false},
		{"a year, made an hour ago", -time.Hour, 365 * 24 * time.Hour, false},
		{"a year ahead, short", 365 * 24 * time.Hour, 365*24*time.Hour + time.Minute, false},
		{"ends before it begins", time.Hour, time.Minute, false},
	} {
		st, s := newMemory(), minutely("a")
		last := Last{Slot: now.Add(-time.Hour), ClaimedAt: now.Add(tc.at), ClaimedUntil: now.Add(tc.until), Claim: 7}
		if err := putLast(st, "a", last); err != nil {
			t.Fatal(err)
		}
		if next := Next("host", s.Checks[0], last, now); next.After(now) != tc.alive {
			t.Errorf("%s: next run at %s from now", tc.name, next.Sub(now))
		}
		if got := claim(t, st, s, now); (len(got) == 0) != tc.alive {
			t.Errorf("%s: %d checks claimed", tc.name, len(got))
		}
	}
}

func TestStoreErrorsAreReturned(t *testing.T) {
	st, s := newMemory(), minutely("a")
	held := claim(t, st, s, simulationStart)
	st.fail = true
	_, err := Claim(st, "host", minutely("b"), simulationStart, aMinute)
	for what, err := range map[string]error{
		"claim": err, "finish": Finish(st, held, simulationStart), "release": Release(st, held), "prune": Prune(st, Schedule{}),
	} {
		if !errors.Is(err, errDiskFull) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestPruneKeepsScheduledChecks(t *testing.T) {
	st := newMemory()
	for _, space := range []string{CheckSpace, SampleSpace, LatestSpace, "agent"} {
		for _, key := range []string{"a", "b", "c"} {
			if err := st.Put(space, key, []byte{1}); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := minutely("a", "b")
	s.Checks[1].Disabled = true
	if err := Prune(st, s); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, space := range []string{CheckSpace, SampleSpace, LatestSpace, "agent"} {
		got[space] = st.keys(space)
	}
	want := map[string][]string{
		CheckSpace: {"a", "b"}, SampleSpace: {"a", "b"}, LatestSpace: {"a", "b"}, "agent": {"a", "b", "c"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("left %v, want %v", got, want)
	}
}

func TestFinishOfAPrunedCheckStoresNothing(t *testing.T) {
	st := newMemory()
	held := claim(t, st, minutely("a"), simulationStart)
	if err := Prune(st, Schedule{}); err != nil {
		t.Fatal(err)
	}
	finish(t, st, held, simulationStart)
	if keys := st.keys(CheckSpace); len(keys) != 0 {
		t.Errorf("stored %v", keys)
	}
}

// A day of cron in which runs take up to three minutes and one in ten is killed: no check is
// claimed by two live runs, no grid point is finished twice, and a killed run delays its checks by
// its claims' life at most.
func TestOverlappingAndKilledRuns(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 13))
	st := newMemory()
	s := minutely("a", "b", "c", "d")
	s.Checks[1].Period = 90 * time.Second
	s.Checks[2].Period = 5 * time.Minute
	s.Checks[3].Period = 30 * time.Second
	const life = 4 * time.Minute // longer than any run
	type run struct {
		claims []Claimed
		ends   time.Time
		dies   bool
	}
	var live []run
	claimedUntil := map[string]time.Time{} // by check
	finished := map[string]int{}
	killed := 0
	point := map[string]time.Time{}
	end := simulationStart.Add(24 * time.Hour)
	for now := simulationStart; now.Before(end); now = now.Add(time.Second) {
		for i := 0; i < len(live); {
			r := live[i]
			if now.Before(r.ends) {
				i++
				continue
			}
			live = slices.Delete(live, i, i+1)
			if r.dies {
				killed += len(r.claims)
				continue
			}
			finish(t, st, r.claims, now)
			for _, c := range r.claims {
				delete(claimedUntil, c.Check.ID)
				finished[c.Check.ID]++
				if !c.Slot.After(point[c.Check.ID]) {
					t.Fatalf("%s: check %s: grid point %s is finished again", now, c.Check.ID, c.Slot)
				}
				point[c.Check.ID] = c.Slot
			}
		}
		if now.Second() != 1 {
			continue
		}
		claims, err := Claim(st, "host", s, now, func(Check) time.Duration { return life })
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range claims {
			if until, ok := claimedUntil[c.Check.ID]; ok && now.Before(until) {
				t.Fatalf("%s: check %s is claimed while another run has claimed it until %s", now, c.Check.ID, until)
			}
			claimedUntil[c.Check.ID] = c.Until
		}
		live = append(live, run{claims, now.Add(time.Duration(1+rng.IntN(180)) * time.Second), rng.IntN(10) == 0})
	}
	if killed == 0 || len(live) == 0 {
		t.Fatal("the simulation has no killed run or no overlap")
	}
	for _, c := range s.Checks {
		if finished[c.ID] < 100 {
			t.Errorf("check %s ran %d times in a day", c.ID, finished[c.ID])
		}
	}
	// After the last claim expired, all are due again.
	if got := claim(t, st, s, end.Add(life+5*time.Minute)); len(got) != len(s.Checks) {
		t.Errorf("after the last claim expired only %v are due", ids(got))
	}
}
