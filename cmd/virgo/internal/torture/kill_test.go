//go:build unix

package torture

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"
)

// Whole runs of the real virgo, with results flowing to the real endpoint, are killed at random moments: each
// result that a run reported as kept, or that was in the spool after the kill, is stored once in the end.
func TestKilledAtRandomMoments(t *testing.T) {
	const moments = 500
	b, rnd := newBudget(t, 2*time.Minute, 8), draws(t)
	r := newReceiver(t)
	h := newWorkingHost(t, r)
	books := newLedger(t)

	// How long a run takes, quick or with a plugin that outlasts the first transaction.
	sleeps := []string{"", "", "", "0.06"}
	usual := make(map[string]time.Duration)
	for i := range 6 {
		sleep := sleeps[3*(i%2)]
		one := h.newRound(fmt.Sprint("calm", i), sleep)
		books.begin(one.checks)
		e := h.run("run")
		if e.code != 0 || e.errs != "" {
			t.Fatalf("an undisturbed run ended with %d: %s", e.code, e.errs)
		}
		books.keep("an undisturbed run reported it", one.checks...)
		usual[sleep] = max(usual[sleep], e.took)
		h.endRound(one)
	}

	killed, finished := 0, 0
	var before []round // whose checks are still there: a run may take over what a killed one left
	for i := 0; (killed < moments || b.whole) && b.left(); i++ {
		one := h.newRound(fmt.Sprint("k", i), sleeps[i%len(sleeps)])
		books.begin(one.checks)
		code, errs := killAfter(t, h.command(t.Context(), "run"), syscall.SIGKILL, moment(rnd, usual[one.sleep]))
		switch code {
		case -1:
			killed++
		case 0:
			finished++
			books.keep(fmt.Sprintf("run %d reported it", i), one.checks...)
		default:
			t.Fatalf("run %d ended with %d: %s", i, code, errs)
		}
		books.keepWaiting(fmt.Sprintf("it was in the spool after run %d", i), h)
		if before = append(before, one); len(before) > 2 {
			h.endRound(before[0])
			before = before[1:]
		}
		if i%100 == 99 {
			h.drain(books)
		}
		if t.Failed() {
			break
		}
	}
	h.drain(books)
	books.settle(r.arrivals())
	t.Logf("%d runs killed, %d finished before; %d results were kept of %d begun", killed, finished, len(books.kept), len(books.begun))
	if killed < 20 || len(books.kept) < killed {
		t.Errorf("too little was tried to show anything")
	}
	report(t, "kill-run-at-random-moment", killed)
}

// waitDelay is how long a plugin that outlived its agent may hold the agent's pipe.
const waitDelay = 10 * time.Second

// moment draws a time before d.
func moment(rnd *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(rnd.Int64N(int64(d)))
}

// killAfter starts a program, sends it a signal after that time unless it ended before, and says how it ended.
func killAfter(t testing.TB, cmd *exec.Cmd, sig syscall.Signal, after time.Duration) (code int, errs string) {
	t.Helper()
	var buf bytes.Buffer
	cmd.Stderr = &buf
	cmd.WaitDelay = waitDelay
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { cmd.Process.Signal(sig) })
	defer timer.Stop()
	return exitOf(t, ended(cmd.Wait())), buf.String()
}

// ended leaves out that a plugin outlived the program and kept its pipe.
func ended(err error) error {
	if err == exec.ErrWaitDelay {
		return nil
	}
	return err
}

// The same for flush: a long delivery of a backlog, killed while it goes on.
func TestKilledWhileFlushing(t *testing.T) {
	b, rnd := newBudget(t, 40*time.Second, 4), draws(t)
	r := newReceiver(t)
	h := newWorkingHost(t, r)
	books := newLedger(t)
	for i := range 40 {
		one := h.newRound(fmt.Sprint("f", i), "")
		books.begin(one.checks)
		if e := h.run("run", "--no-deliver"); e.code != 0 {
			t.Fatalf("run --no-deliver ended with %d: %s", e.code, e.errs)
		}
		books.keep("a run kept it", one.checks...)
		h.endRound(one)
	}
	full := h.waitingChecks()
	if want := len(books.kept); len(full) != want {
		t.Fatalf("%d results wait, want %d", len(full), want)
	}
	snapshot := readAll(t, h.state)
	started := time.Now()
	if e := h.run("flush"); e.code != 0 {
		t.Fatalf("flush ended with %d: %s", e.code, e.errs)
	}
	usual := time.Since(started)
	books.settle(r.arrivals())

	// The state of before is put back: what the endpoint has already must not become a second result.
	kills := 0
	for (kills < 60 || b.whole) && b.left() && !t.Failed() {
		if len(h.waitingChecks()) == 0 {
			writeAll(t, h.state, snapshot)
		}
		waited := h.waitingChecks()
		code, errs := killAfter(t, h.command(context.Background(), "flush"), syscall.SIGKILL, moment(rnd, usual))
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
	if e := h.run("flush"); e.code != 0 {
		t.Errorf("the last flush ended with %d: %s", e.code, e.errs)
	}
	if n := len(h.waiting()); n != 0 {
		t.Errorf("%d results wait in the end", n)
	}
	books.settle(r.arrivals())
	report(t, "kill-flush-at-random-moment", kills)
}
