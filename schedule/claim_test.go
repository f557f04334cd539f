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
	if got := claim(t, st, minutely("a", "b", "c"), now.Add(3*time.Second)); len(got) > 0 && got[0].Slot.Equal(first[0].Slot) {
		t.Errorf("a grid point is taken twice: %v", got)
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

func TestClaimDiesWithItsTimeLimit(t *testing.T) {
	st, s, now := newMemory(), minutely("a"), simulationStart
	dead := claim(t, st, s, now)
	if got := claim(t, st, s, now.Add(time.Minute-time.Millisecond)); len(got) != 0 {
		t.Fatal("taken while the claim lives")
	}
	heir := claim(t, st, s, now.Add(time.Minute))
	if len(heir) != 1 {
		t.Fatal("not taken when the claim has died")
	}
	// The first run was not killed but slept. It must not end the second one's claim.
	before := st.Get(CheckSpace, "a")
	finish(t, st, dead, now.Add(time.Minute+time.Second))
	if err := Release(st, dead); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, st.Get(CheckSpace, "a")) {
		t.Error("a run ended a claim that was no longer its own")
	}
	finish(t, st, heir, now.Add(2*time.Minute))
	last := ReadLast(st, "a")
	if !last.Slot.Equal(heir[0].Slot) || !last.Ran.Equal(now.Add(2*time.Minute)) || !last.ClaimedUntil.IsZero() {
		t.Errorf("kept %+v", last)
	}
	finish(t, st, heir, now.Add(3*time.Minute))
	if again := ReadLast(st, "a"); again != last {
		t.Error("a claim was finished twice")
	}
}

func TestLateFinishOfADeadClaimThatNobodyTookCounts(t *testing.T) {
	st, s, now := newMemory(), minutely("a"), simulationStart
	late := claim(t, st, s, now)
	finish(t, st, late, now.Add(10*time.Minute))
	if last := ReadLast(st, "a"); !last.Slot.Equal(late[0].Slot) {
		t.Errorf("kept %+v", last)
	}
}

func TestReleaseGivesBack(t *testing.T) {
	st, s, now := newMemory(), minutely("a"), simulationStart
	if err := Release(st, claim(t, st, s, now)); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, st, s, now.Add(time.Second)); len(got) != 1 {
		t.Error("what was given back is not due")
	}
}

func TestClaimOfAClockThatWasSetBackDies(t *testing.T) {
	st, s := newMemory(), minutely("a")
	claim(t, st, s, simulationStart.Add(time.Hour))
	if got := claim(t, st, s, simulationStart); len(got) != 1 {
		t.Error("a claim from the future holds the check")
	}
	// A step of the clock during a run is no reason to run twice.
	st = newMemory()
	claim(t, st, s, simulationStart)
	if got := claim(t, st, s, simulationStart.Add(-2*time.Second)); len(got) != 0 {
		t.Error("taken twice after a step of two seconds")
	}
}

func TestClaimLifeIsBounded(t *testing.T) {
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

func TestStoreErrorsAreTold(t *testing.T) {
	st, s := newMemory(), minutely("a")
	held := claim(t, st, s, simulationStart)
	st.refuses = true
	_, err := Claim(st, "host", minutely("b"), simulationStart, aMinute)
	for what, err := range map[string]error{"claim": err, "finish": Finish(st, held, simulationStart), "release": Release(st, held), "prune": Prune(st, Schedule{})} {
		if !errors.Is(err, errRefused) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestPruneForgetsOnlyWhatIsGone(t *testing.T) {
	st := newMemory()
	for _, space := range []string{CheckSpace, SampleSpace, "agent"} {
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
	for _, space := range []string{CheckSpace, SampleSpace, "agent"} {
		got[space] = st.keys(space)
	}
	want := map[string][]string{CheckSpace: {"a", "b"}, SampleSpace: {"a", "b"}, "agent": {"a", "b", "c"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
}

func TestFinishOfAPrunedCheckKeepsNothing(t *testing.T) {
	st := newMemory()
	held := claim(t, st, minutely("a"), simulationStart)
	if err := Prune(st, Schedule{}); err != nil {
		t.Fatal(err)
	}
	finish(t, st, held, simulationStart)
	if keys := st.keys(CheckSpace); len(keys) != 0 {
		t.Errorf("kept %v", keys)
	}
}

// TestRunsThatOverlapAndDie simulates a day of cron in which runs take up to three minutes, and one
// in ten is killed. No check is ever held by two live runs; no grid point is taken twice but after a
// death; and a death costs no more than its claim's life.
func TestRunsThatOverlapAndDie(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 13))
	st := newMemory()
	s := minutely("a", "b", "c", "d")
	s.Checks[1].Period = 90 * time.Second
	s.Checks[2].Period = 5 * time.Minute
	s.Checks[3].Period = 30 * time.Second
	const life = 4 * time.Minute // longer than any run
	type run struct {
		held []Claimed
		ends time.Time
		dies bool
	}
	var live []run
	holder := map[string]time.Time{} // check → its claim's end
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
				killed += len(r.held)
				continue
			}
			finish(t, st, r.held, now)
			for _, c := range r.held {
				delete(holder, c.Check.ID)
				finished[c.Check.ID]++
				if !c.Slot.After(point[c.Check.ID]) {
					t.Fatalf("%s: check %s: grid point %s is done again", now, c.Check.ID, c.Slot)
				}
				point[c.Check.ID] = c.Slot
			}
		}
		if now.Second() != 1 {
			continue
		}
		held, err := Claim(st, "host", s, now, func(Check) time.Duration { return life })
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range held {
			if until, ok := holder[c.Check.ID]; ok && now.Before(until) {
				t.Fatalf("%s: check %s is taken while another run has it until %s", now, c.Check.ID, until)
			}
			holder[c.Check.ID] = c.Until
		}
		live = append(live, run{held, now.Add(time.Duration(1+rng.IntN(180)) * time.Second), rng.IntN(10) == 0})
	}
	if killed == 0 || len(live) == 0 {
		t.Fatal("the simulation has no deaths or no overlap")
	}
	for _, c := range s.Checks {
		if finished[c.ID] < 100 {
			t.Errorf("check %s ran %d times in a day", c.ID, finished[c.ID])
		}
	}
	// Whatever died last, five minutes later all is due again.
	if got := claim(t, st, s, end.Add(life+5*time.Minute)); len(got) != len(s.Checks) {
		t.Errorf("after the last claim's death only %v are due", ids(got))
	}
}
