package intaketest

import (
	"fmt"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// What the owner of a host refuses at present is counted by check, and is over with the first result that
// is not refused, or when the check is told of no more.
func testRefusedChecks(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	n, at := 0, epoch
	// post stores a result: c1 is refused, -c1 is not, ~c1 is refused and late, =c1 is a copy that says otherwise.
	post := func(agent, what string) {
		t.Helper()
		n++
		a := arrival(key, agent, fmt.Sprint(n))
		a.Received = at
		r := &a.Results[0]
		r.State, r.Refused = "unavailable", true
		switch r.CheckID = what[1:]; what[0] {
		case '-':
			r.State, r.Refused = "available", false
		case '~':
			r.Late = true
		case '=':
			n--
			r.ResultID = fmt.Sprint(n)
			r.Refused = false
		default:
			r.CheckID = what
		}
		put(t, s, a)
	}
	want := func(a, b int64) {
		t.Helper()
		list, err := open(t).Agents(t.Context(), "")
		if err != nil || len(list) != 2 || list[0].RefusedChecks != a || list[1].RefusedChecks != b {
			t.Errorf("refused checks of a and b: %+v, %v, want %d and %d", list, err, a, b)
		}
	}
	// Refused and allowed again, in one batch of an agent of which nothing is refused.
	first, second := arrival(key, "b", "x1"), arrival(key, "b", "x2")
	first.Results[0].CheckID, first.Results[0].Refused = "new", true
	second.Results[0].CheckID = "new"
	put(t, s, first, second, arrival(key, "a", "x1"))
	want(0, 0)
	post("a", "c1")
	post("b", "-c1")
	want(1, 0)
	post("a", "c1") // the same check
	post("a", "c2")
	post("b", "c1")
	want(2, 1)
	post("b", "=c1") // a copy
	want(2, 1)
	post("a", "-c1") // allowed again
	want(1, 1)
	post("a", "~c1") // from before that
	want(1, 1)
	post("a", "-c3")
	want(1, 1)

	// A check of which nothing came while the agent was seen.
	at = epoch.Add(intake.RefusedFor - time.Millisecond)
	post("b", "c4")
	want(1, 2)
	post("a", "-c5")
	want(1, 2)
	at = epoch.Add(intake.RefusedFor)
	post("a", "-c5")
	post("b", "-c5")
	want(0, 1)
	post("a", "c2")
	want(1, 1)

	if err := s.RenameAgent(t.Context(), "a", "A"); err != nil {
		t.Fatal(err)
	}
	want(1, 1)
	if err := s.RemoveAgent(t.Context(), "b", at); err != nil {
		t.Fatal(err)
	}
	want(1, 0)

	yes, no := true, false
	if got := len(Results(t, s, intake.Filter{Refused: &yes})); got != 8 {
		t.Errorf("%d refused results", got)
	}
	for _, r := range Results(t, s, intake.Filter{Refused: &no, Limit: 100}) {
		if r.Refused {
			t.Errorf("%+v", r)
		}
	}
}
