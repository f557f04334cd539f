//go:build unix

package torture

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// clocks are the clocks that runs are given, as [wrongClock] reads them: right, wrong by years and by hours in
// either direction, jumping at each reading, running backwards.
var clocks = []string{
	"0s", "262800h", "-262800h", "1h", "-1h", "8760h", "-720h", "jump 262800h", "jump 2h", "back 0s", "back 262800h",
}

// Runs on one host with a different clock each time, some of which deliver: no result is lost or stored twice,
// each has the time that its clock showed, their order is the order of the runs, and the endpoint learns the
// clock's offset. This is the agent within the test binary; where the system lets a test
// change the real program's clock, [TestRealClockIsWrong] does the same with that.
func TestClockIsWrong(t *testing.T) {
	n := runWithWrongClocks(t, func(h *host, clock string, deliver bool) exitState {
		part := "keep"
		if deliver {
			part = "run"
		}
		return finish(t, h.agentCommand(t, part, "", clock))
	})
	report(t, "clock-wrong-in-process", n)
}

// runWithWrongClocks makes such runs and returns their number.
func runWithWrongClocks(t *testing.T, run func(h *host, clock string, deliver bool) exitState) int {
	t.Helper()
	b, rnd := newBudget(t, time.Minute, 2), seededRandom(t)
	r := newRealEndpoint(t)
	h := newWorkingHost(t, r)
	l := newLedger(t)
	type view struct {
		run       int
		low, high time.Time // what its clock can have shown
		offset    *time.Duration
	}
	seen := make(map[string]view)
	runs := 0
	for round := 0; round < 3 || b.tryAll && b.timeLeft(); round++ {
		for _, i := range rnd.Perm(len(clocks)) {
			clock, deliver := clocks[i], runs%3 == 2
			one := h.newCheckSet(fmt.Sprint("c", runs), "")
			l.start(one.checks)
			started := time.Now()
			e := run(h, clock, deliver)
			if e.code != 0 {
				t.Fatalf("the run under %q ended with %d: %s", clock, e.code, e.errs)
			}
			l.expect(fmt.Sprintf("the run under %q ended with 0", clock), one.checks...)
			v := view{run: runs}
			v.low, v.high = possibleTimes(clock, started, time.Now())
			if !strings.Contains(clock, " ") && deliver {
				offset, _ := time.ParseDuration(clock) // wrongClock has parsed it
				v.offset = &offset
			}
			for _, c := range one.checks {
				seen[c] = v
			}
			h.removeCheckSet(one)
			runs++
		}
	}
	h.drain(l)
	arrived := r.stored()
	l.verify(arrived)

	first, last := make(map[int]uint64), make(map[int]uint64) // order, by run
	for _, a := range arrived {
		v := seen[a.CheckID]
		var p struct{ Timestamp int64 }
		if err := json.Unmarshal(a.Params, &p); err != nil {
			t.Fatal(err)
		}
		if at := time.UnixMilli(p.Timestamp); at.Before(v.low.Add(-time.Second)) || at.After(v.high.Add(time.Second)) {
			t.Errorf("check %s has the time %s; its clock was between %s and %s", a.CheckID, at, v.low, v.high)
		}
		if v.offset != nil && (a.OffsetMS == nil || (time.Duration(*a.OffsetMS)*time.Millisecond+*v.offset).Abs() > 10*time.Second) {
			t.Errorf("check %s came from a clock that is off by %s, and the endpoint stored %v", a.CheckID, v.offset, a.OffsetMS)
		}
		if a.Order == 0 {
			t.Errorf("check %s has no order", a.CheckID)
		}
		if first[v.run] == 0 || a.Order < first[v.run] {
			first[v.run] = a.Order
		}
		last[v.run] = max(last[v.run], a.Order)
	}
	for i := 1; i < runs; i++ {
		if first[i] <= last[i-1] {
			t.Errorf("results of run %d have order %d, those of the run before it up to %d", i, first[i], last[i-1])
		}
	}
	return runs
}

// possibleTimes returns the range that a clock can have shown between two true times.
func possibleTimes(clock string, from, to time.Time) (low, high time.Time) {
	kind, text, ok := strings.Cut(clock, " ")
	if !ok {
		kind, text = "", clock
	}
	offset, _ := time.ParseDuration(text) // wrongClock has parsed it
	switch kind {
	case "jump":
		return from.Add(-offset), to.Add(offset)
	case "back":
		return from.Add(offset).Add(-to.Sub(from)), to.Add(offset)
	}
	return from.Add(offset), to.Add(offset)
}
