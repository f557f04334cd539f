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
// most (see [checkSet]), so that a check's id identifies its result.
type ledger struct {
	t testing.TB
	// started are the checks that runs were given.
	started map[string]bool
	// expected are the checks whose result must arrive, and why: it was reported as stored, or was in the spool.
	expected map[string]string
	// lossKnown means that a run ended with exit code 5: the host may report the loss.
	lossKnown bool
	// losses are the reports of losses that verify found.
	losses int
}

// lossCheck is the check id of reports of losses.
const lossCheck = "agent.virgo.loss"

func newLedger(t testing.TB) *ledger {
	return &ledger{t: t, started: make(map[string]bool), expected: make(map[string]string)}
}

// copy returns a copy for one case.
func (l *ledger) copy(t testing.TB) *ledger {
	return &ledger{t: t, started: maps.Clone(l.started), expected: maps.Clone(l.expected), lossKnown: l.lossKnown}
}

func (l *ledger) start(checks []string) {
	for _, c := range checks {
		l.started[c] = true
	}
}

// expect notes that the results of these checks must arrive, and why.
func (l *ledger) expect(why string, checks ...string) {
	for _, c := range checks {
		if l.expected[c] == "" {
			l.expected[c] = why
		}
	}
}

// expectSpooled notes that everything in the spool must arrive.
func (l *ledger) expectSpooled(why string, h *host) {
	l.t.Helper()
	l.expect(why, h.waitingChecks()...)
}

// verify compares the endpoint's store with the ledger: each expected result is stored, none twice, and none
// is of a check that never ran. Losses are reported only if a run ended with the exit code for them.
func (l *ledger) verify(arrived []storedResult) {
	l.t.Helper()
	ids, checks := make(map[string]bool), make(map[string]int)
	for _, a := range arrived {
		if a.ResultID == "" || ids[a.ResultID] {
			l.t.Errorf("result id %q is missing, or stored twice", a.ResultID)
		}
		ids[a.ResultID] = true
		if a.CheckID == lossCheck && l.lossKnown {
			l.losses++
			continue
		}
		checks[a.CheckID]++
		if !l.started[a.CheckID] {
			l.t.Errorf("a result of check %q, which never ran", a.CheckID)
		}
	}
	for c, n := range checks {
		if n != 1 {
			l.t.Errorf("check %s has %d results stored, want 1", c, n)
		}
	}
	lost := 0
	for _, c := range slices.Sorted(maps.Keys(l.expected)) {
		if checks[c] == 0 {
			if lost++; lost <= 10 {
				l.t.Errorf("the result of check %s is lost: %s", c, l.expected[c])
			}
		}
	}
	if lost > 10 {
		l.t.Errorf("%d results are lost in all", lost)
	}
}

// waitingChecks returns the checks whose results are in the host's spool, oldest first.
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

// checkOf returns the id of the check that a spooled result is of.
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
