//go:build unix

package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/spool"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// killWays are the kinds of runs that are killed at every point.
var killWays = []struct {
	name string
	part string
	// waiting is how many check sets wait before; sleep is the plugin's time in the run itself; refused is
	// which result the endpoint refuses, from 1, 0 for none.
	waiting int
	sleep   string
	refused int
	// points that must be among those that were tried.
	points []string
}{
	{"first run", "run", 0, "", 0, []string{"create.before", "create.after", "append.before", "append.after", "settle.before", "settle.after"}},
	{"backlog", "run", 3, "", 0, []string{"append.before", "append.after", "connected", "send.before", "send.after", "receive.after", "settle.before", "settle.after", "settled"}},
	{"slow check", "run", 1, "0.08", 0, []string{"update.before", "update.after", "append.before", "append.after", "slow"}},
	{"refusal", "run", 1, "", 2, []string{"settle.before", "settle.after"}},
	{"flush", "flush", 3, "", 0, []string{"send.before", "send.after", "receive.after", "settle.before", "settle.after", "settled"}},
}

// The agent is killed at each point that it reaches: before and after each commit, each send, each arrival of an
// acknowledgement, and in between. Each result that was stored arrives once.
func TestKilledAtEachPoint(t *testing.T) {
	b := newBudget(t, 90*time.Second, 6)
	cases := 0
	for _, way := range killWays {
		t.Run(way.name, func(t *testing.T) {
			h := newHost(t, nowhere, zeroPin)
			h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
			before := newLedger(t)
			h.backlog(before, way.waiting)
			state := h.snapshot()
			_, names, _ := h.killAtPoint(t, before, state, way.part, way.sleep, way.refused, "")
			for _, p := range way.points {
				if !slices.Contains(names, p) {
					t.Errorf("it does not reach %s: %v", p, names)
				}
			}
			slices.Sort(names)
			tried := 0
			for _, name := range slices.Compact(names) {
				for passing := 1; b.timeLeft(); passing++ {
					point := fmt.Sprint(name, " ", passing)
					killed, _, err := h.killAtPoint(t, before, state, way.part, way.sleep, way.refused, point)
					if t.Failed() {
						t.Fatalf("killed at %s: %s", point, err)
					}
					if !killed {
						if passing == 1 && slices.Contains(way.points, name) {
							t.Errorf("it was never killed at %s", name)
						}
						break
					}
					tried++
				}
			}
			cases += tried
			t.Logf("%d points", tried)
		})
	}
	report(t, "kill-run-at-each-point", cases)
}

// nowhere is an address where nothing listens, and zeroPin the pin of no key.
const (
	nowhere = "127.0.0.1:1"
	zeroPin = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
)

// backlog makes runs whose results wait in the spool.
func (h *host) backlog(l *ledger, rounds int) {
	h.t.Helper()
	for i := range rounds {
		one := h.newCheckSet(fmt.Sprint("backlog", i), "")
		l.start(one.checks)
		if e := h.run("run", "--no-deliver"); e.code != 0 {
			h.t.Fatalf("run --no-deliver ended with %d: %s", e.code, e.errs)
		}
		l.expect("a run stored it", one.checks...)
		h.removeCheckSet(one)
	}
}

// snapshot returns the files of the state; nil where there is none yet.
func (h *host) snapshot() map[string][]byte {
	if entries, _ := filepath.Glob(filepath.Join(h.state, "*")); len(entries) == 0 {
		return nil
	}
	return readAll(h.t, h.state)
}

// killAtPoint kills the agent at a point of a run that starts from the given state; then the real program delivers
// everything to a new endpoint. It returns whether the agent died there, the points that it reached, and its stderr.
func (h *host) killAtPoint(t *testing.T, before *ledger, state map[string][]byte, part, sleep string, refused int, point string) (killed bool, passed []string, said string) {
	t.Helper()
	writeAll(t, h.state, state)
	e := newRecordingEndpoint(t)
	defer e.Close()
	if refused > 0 {
		e.Set(transporttest.Script{
			Features: []string{"pipelining", "result_id", "schedule_hash"},
			Reject:   map[int]transport.Error{refused: {Code: transport.CodeBadRequest, Message: "not this one"}},
		})
	}
	h.configure(e.Address(), e.Pin())
	l := before.copy(t)
	var now checkSet
	if part == "run" {
		now = h.newCheckSet("now", sleep)
		defer h.removeCheckSet(now)
		l.start(now.checks)
	}
	cmd := h.agentCommand(t, part, point, "")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	cmd.WaitDelay = waitDelay
	out, err := cmd.Output()
	for line := range strings.Lines(string(out)) {
		passed = append(passed, strings.TrimSpace(strings.TrimPrefix(line, "point ")))
	}
	switch code := exitOf(t, ignoreWaitDelay(err)); code {
	case -1:
		killed = true
	case 0:
		l.expect("the run reported it", now.checks...)
	default:
		t.Fatalf("it ended with %d: %s", code, errs.String())
	}
	if slices.Contains(passed, "checked") { // the hook that a run calls once its results are stored
		l.expect("the run had stored it", now.checks...)
	}
	l.expectSpooled("it was in the spool after the kill", h)
	h.drain(l)
	if refused > 0 {
		aside := h.rejectedChecks()
		if len(aside) != 1 {
			t.Errorf("%q were refused, want one result", aside)
			return killed, passed, errs.String()
		}
		delete(l.expected, aside[0])
	}
	l.verify(storedIn(t, e))
	for _, fault := range e.Faults() {
		// A killed agent breaks its connection and reads no answer.
		if !strings.Contains(fault.Error(), "reset") && !strings.Contains(fault.Error(), "EOF") && !errors.Is(fault, syscall.EPIPE) {
			t.Errorf("the endpoint reports: %v", fault)
		}
	}
	return killed, passed, errs.String()
}

// rejectedChecks returns the checks whose results were refused.
func (h *host) rejectedChecks() []string {
	h.t.Helper()
	s, err := spool.Open(h.state, spool.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	var checks []string
	if err := s.ListRejected(context.Background(), func(r spool.Record, _ spool.Refusal) error {
		checks = append(checks, checkOf(h.t, r.Data))
		return nil
	}); err != nil {
		h.t.Fatal(err)
	}
	return checks
}
