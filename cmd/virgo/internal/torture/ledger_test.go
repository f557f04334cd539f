package torture

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"virgo/spool"
)

// A ledger is what a test knows about the results of one host. Each check of a test yields one result at
// most (see [round]), so that a check's id names its result.
type ledger struct {
	t testing.TB
	// begun are the checks that runs were given.
	begun map[string]bool
	// kept are those whose result was reported as kept, or was seen in the spool, and by what.
	kept map[string]string
}

func newLedger(t testing.TB) *ledger {
	return &ledger{t: t, begun: make(map[string]bool), kept: make(map[string]string)}
}

// copy is a ledger that goes on from here for one case.
func (l *ledger) copy(t testing.TB) *ledger {
	return &ledger{t: t, begun: maps.Clone(l.begun), kept: maps.Clone(l.kept)}
}

func (l *ledger) begin(checks []string) {
	for _, c := range checks {
		l.begun[c] = true
	}
}

// keep notes that the results of these checks must arrive, and why.
func (l *ledger) keep(why string, checks ...string) {
	for _, c := range checks {
		if l.kept[c] == "" {
			l.kept[c] = why
		}
	}
}

// keepWaiting notes that what the spool holds must arrive.
func (l *ledger) keepWaiting(why string, h *host) {
	l.t.Helper()
	l.keep(why, h.waitingChecks()...)
}

// settle checks the endpoint's books against all that: each result that was kept is there, each is there
// once, and none came from nowhere.
func (l *ledger) settle(arrived []arrival) {
	l.t.Helper()
	ids, checks := make(map[string]bool), make(map[string]int)
	for _, a := range arrived {
		if a.ResultID == "" || ids[a.ResultID] {
			l.t.Errorf("result id %q is missing, or stored twice", a.ResultID)
		}
		ids[a.ResultID] = true
		checks[a.CheckID]++
		if !l.begun[a.CheckID] {
			l.t.Errorf("a result of check %q, which nobody ran", a.CheckID)
		}
	}
	for c, n := range checks {
		if n != 1 {
			l.t.Errorf("check %s has %d results stored, want 1", c, n)
		}
	}
	lost := 0
	for _, c := range slices.Sorted(maps.Keys(l.kept)) {
		if checks[c] == 0 {
			if lost++; lost <= 10 {
				l.t.Errorf("the result of check %s is lost: %s", c, l.kept[c])
			}
		}
	}
	if lost > 10 {
		l.t.Errorf("%d results are lost in all", lost)
	}
}

// waitingChecks gives the checks whose results the host's spool holds, oldest first.
func (h *host) waitingChecks() []string {
	h.t.Helper()
	s, err := spool.Open(h.state, spool.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	var checks []string
	err = s.List(context.Background(), func(r spool.Record) error {
		checks = append(checks, checkOf(h.t, r.Data))
		return nil
	})
	if err != nil {
		h.t.Fatalf("the spool cannot be read: %v", err)
	}
	return checks
}

// checkOf gives the check that a result in the spool is of.
func checkOf(t testing.TB, data []byte) string {
	t.Helper()
	var p struct {
		CheckID string `json:"check_id"`
	}
	if err := json.Unmarshal(data, &p); err != nil || p.CheckID == "" {
		t.Errorf("a record of the spool is no result: %v: %.100q", err, data)
	}
	return p.CheckID
}
