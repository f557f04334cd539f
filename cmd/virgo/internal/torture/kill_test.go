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

// Whole runs of the real virgo, with results flowing to the real endpoint, are killed at random moments: each
// result that a run reported as kept, or that was in the spool after the kill, is stored once in the end.
func TestKilledAtRandomMoments(t *testing.T) {
	const moments = 500
	b, rnd := newBudget(t, 90*time.Second, 8), draws(t)
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

	killed, sending, finished := 0, 0, 0
	var before []round // whose checks are still there: a run may take over what a killed one left
	for i := 0; (killed < moments || b.whole) && b.left(); i++ {
		one := h.newRound(fmt.Sprint("k", i), sleeps[i%len(sleeps)])
		books.begin(one.checks)
		started := time.Now()
		code, errs := killAfter(t, h.command(t.Context(), "run", "--verbose"), syscall.SIGKILL, moment(rnd, usual[one.sleep]))
		switch code {
		case -1:
			killed++
			if hadKept(errs, one) {
				books.keep(fmt.Sprintf("run %d had kept it", i), one.checks...)
				sending++
			}
		case 0:
			finished++
			usual[one.sleep] = (3*usual[one.sleep] + time.Since(started)) / 4 // the machine may be as busy as it likes
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
	t.Logf("%d runs killed, %d of them while they delivered; %d finished before; %d results were kept of %d begun",
		killed, sending, finished, len(books.kept), len(books.begun))
	if killed < 20 || sending == 0 || len(books.kept) < killed {
		t.Errorf("too little was tried to show anything")
	}
	report(t, "kill-run-at-random-moment", killed)
}

// hadKept says whether a run's own account shows that its checks were done and their results kept: only then does
// it open a session.
func hadKept(account string, r round) bool {
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
	h := newHost(t, nowhere, zeroPin)
	h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
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
	if n := len(h.waiting()); n != len(books.kept) {
		t.Fatalf("%d results wait, want %d", n, len(books.kept))
	}
	snapshot := readAll(t, h.state)
	usual, kills, flushes := time.Duration(0), 0, 0
	for (kills < 60 || b.whole) && b.left() && !t.Failed() {
		writeAll(t, h.state, snapshot)
		e := newBooks(t)
		h.configure(e.Address(), e.Pin())
		if usual == 0 { // the first one is left in peace
			end := h.run("flush")
			if usual = end.took; end.code != 0 {
				t.Fatalf("flush ended with %d: %s", end.code, end.errs)
			}
		}
		for len(h.waiting()) > 0 && !t.Failed() {
			waited := h.waitingChecks()
			code, errs := killAfter(t, h.command(t.Context(), "flush"), syscall.SIGKILL, moment(rnd, usual))
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
		books.settle(inBooks(t, e))
		e.Close()
	}
	t.Logf("%d flushes, %d of them killed", flushes, kills)
	report(t, "kill-flush-at-random-moment", kills)
}
