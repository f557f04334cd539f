//go:build unix

package torture

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Whole runs of the real virgo that deliver to the real endpoint are killed at random moments: each result that a run
// reported as stored, or that was in the spool after the kill, is at the endpoint once in the end.
func TestKilledAtRandomMoments(t *testing.T) {
	const moments = 500
	b, rnd := newBudget(t, 90*time.Second, 8), seededRandom(t)
	r := newRealEndpoint(t)
	h := newWorkingHost(t, r)
	l := newLedger(t)

	// How long a run takes, without or with a plugin that outlasts the first transaction.
	sleeps := []string{"", "", "", "0.06"}
	usual := make(map[string]time.Duration)
	for i := range 6 {
		sleep := sleeps[3*(i%2)]
		one := h.newCheckSet(fmt.Sprint("calm", i), sleep)
		l.start(one.checks)
		e := h.run("run")
		if e.code != 0 || e.errs != "" {
			t.Fatalf("an undisturbed run ended with %d: %s", e.code, e.errs)
		}
		l.expect("an undisturbed run reported it", one.checks...)
		usual[sleep] = max(usual[sleep], e.took)
		h.removeCheckSet(one)
	}

	killed, sending, finished := 0, 0, 0
	var before []checkSet // whose checks still exist: a run may repeat what a killed one left
	for i := 0; (killed < moments || b.tryAll) && b.timeLeft(); i++ {
		one := h.newCheckSet(fmt.Sprint("k", i), sleeps[i%len(sleeps)])
		l.start(one.checks)
		started := time.Now()
		code, errs := signalAfter(t, h.command(t.Context(), "run", "--verbose"), syscall.SIGKILL, randomTime(rnd, usual[one.sleep]))
		switch code {
		case -1:
			killed++
			if storedItsResults(errs, one) {
				l.expect(fmt.Sprintf("run %d had stored it", i), one.checks...)
				sending++
			}
		case 0:
			finished++
			usual[one.sleep] = (3*usual[one.sleep] + time.Since(started)) / 4 // follow the machine's load
			l.expect(fmt.Sprintf("run %d reported it", i), one.checks...)
		default:
			t.Fatalf("run %d ended with %d: %s", i, code, errs)
		}
		l.expectSpooled(fmt.Sprintf("it was in the spool after run %d", i), h)
		if before = append(before, one); len(before) > 2 {
			h.removeCheckSet(before[0])
			before = before[1:]
		}
		if i%100 == 99 {
			h.drain(l)
		}
		if t.Failed() {
			break
		}
	}
	h.drain(l)
	l.verify(r.stored())
	t.Logf("%d runs killed, %d of them while they delivered; %d finished before; %d of %d results were expected",
		killed, sending, finished, len(l.expected), len(l.started))
	if killed < 20 || sending == 0 || len(l.expected) < killed {
		t.Errorf("too few cases to show anything")
	}
	report(t, "kill-run-at-random-moment", killed)
}

// storedItsResults reports whether a run's verbose output shows that its results were stored: only then does it open a
// session.
func storedItsResults(account string, r checkSet) bool {
	last := 0
	for _, c := range r.checks {
		at := strings.Index(account, " check "+c+" ")
		if at < 0 {
			return false
		}
		last = max(last, at)
	}
	return strings.Contains(account[last:], "session: connected to ")
}

// waitDelay is how long a plugin that outlives its agent may keep the agent's pipe open.
const waitDelay = 10 * time.Second

// randomTime is a random time before d.
func randomTime(rnd *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(rnd.Int64N(int64(d)))
}

// signalAfter starts a program, sends it a signal after that time unless it ended before, and returns how it ended.
func signalAfter(t testing.TB, cmd *exec.Cmd, sig syscall.Signal, after time.Duration) (code int, errs string) {
	t.Helper()
	var buf bytes.Buffer
	cmd.Stderr = &buf
	cmd.WaitDelay = waitDelay
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { cmd.Process.Signal(sig) })
	defer timer.Stop()
	return exitOf(t, ignoreWaitDelay(cmd.Wait())), buf.String()
}

// ignoreWaitDelay ignores that a plugin outlived the program and kept its pipe open.
func ignoreWaitDelay(err error) error {
	if err == exec.ErrWaitDelay {
		return nil
	}
	return err
}

// The same for flush: a long delivery of a backlog, killed while it goes on.
func TestKilledWhileFlushing(t *testing.T) {
	b, rnd := newBudget(t, 40*time.Second, 4), seededRandom(t)
	h := newHost(t, nowhere, zeroPin)
	h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
	l := newLedger(t)
	for i := range 40 {
		one := h.newCheckSet(fmt.Sprint("f", i), "")
		l.start(one.checks)
		if e := h.run("run", "--no-deliver"); e.code != 0 {
			t.Fatalf("run --no-deliver ended with %d: %s", e.code, e.errs)
		}
		l.expect("a run stored it", one.checks...)
		h.removeCheckSet(one)
	}
	if n := len(h.waiting()); n != len(l.expected) {
		t.Fatalf("%d results wait, want %d", n, len(l.expected))
	}
	snapshot := readAll(t, h.state)
	usual, kills, flushes := time.Duration(0), 0, 0
	for (kills < 60 || b.tryAll) && b.timeLeft() && !t.Failed() {
		writeAll(t, h.state, snapshot)
		e := newRecordingEndpoint(t)
		h.configure(e.Address(), e.Pin())
		if usual == 0 { // the first one is not disturbed
			end := h.run("flush")
			if usual = end.took; end.code != 0 {
				t.Fatalf("flush ended with %d: %s", end.code, end.errs)
			}
		}
		for len(h.waiting()) > 0 && !t.Failed() {
			waited := h.waitingChecks()
			code, errs := signalAfter(t, h.command(t.Context(), "flush"), syscall.SIGKILL, randomTime(rnd, usual))
			flushes++
			switch code {
			case -1:
				kills++
			case 0:
			default:
				t.Fatalf("flush ended with %d: %s", code, errs)
			}
			for _, c := range h.waitingChecks() {
				if !slices.Contains(waited, c) {
					t.Errorf("check %s came back into the spool", c)
				}
			}
		}
		l.verify(storedIn(t, e))
		e.Close()
	}
	t.Logf("%d flushes, %d of them killed", flushes, kills)
	report(t, "kill-flush-at-random-moment", kills)
}
