//go:build unix

package torture

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Ctrl-C or a shutdown at random moments of a run: as with a kill, each result that was kept arrives once. And
// better: what was not done is given back, so that the very next run does it, and no plugin is left behind.
func TestInterruptedAtRandomMoments(t *testing.T) {
	b, rnd := newBudget(t, 30*time.Second, 5), draws(t)
	r := newReceiver(t)
	h := newWorkingHost(t, r)
	books := newLedger(t)
	sleeps := []string{"", "0.1"}
	usual := make(map[string]time.Duration)
	for i := range 4 {
		one := h.newRound(fmt.Sprint("calm", i), sleeps[i%2])
		books.begin(one.checks)
		e := h.run("run")
		if e.code != 0 {
			t.Fatalf("an undisturbed run ended with %d: %s", e.code, e.errs)
		}
		books.keep("an undisturbed run reported it", one.checks...)
		usual[one.sleep] = max(usual[one.sleep], e.took)
		h.endRound(one)
	}

	interrupted, orderly := 0, 0
	for i := 0; (interrupted < 100 || b.whole) && b.left() && !t.Failed(); i++ {
		one := h.newRound(fmt.Sprint("i", i), sleeps[i%2])
		books.begin(one.checks)
		sig := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}[i/2%2]
		code, errs := killAfter(t, h.command(t.Context(), "run"), sig, moment(rnd, usual[one.sleep]))
		switch {
		case code == 0:
			books.keep(fmt.Sprintf("run %d reported it", i), one.checks...)
		case code == -1: // before it had anything to put in order
			interrupted++
		case code == 1 && strings.Contains(errs, "virgo: interrupted: what was seen is kept"):
			interrupted++
			orderly++
		default:
			t.Fatalf("run %d, signal %s: it ended with %d: %s", i, sig, code, errs)
		}
		books.keepWaiting(fmt.Sprintf("it was in the spool after run %d", i), h)
		// Nothing waits for a claim to die: the next run does what is left, and delivers all.
		if e := h.run("run", "--strict"); e.code != 0 {
			t.Fatalf("the run after %d ended with %d: %s", i, e.code, e.errs)
		}
		books.keep(fmt.Sprintf("the run after the interrupted run %d ended with 0", i), one.checks...)
		h.endRound(one)
	}
	if n := len(h.waiting()); n != 0 {
		t.Errorf("%d results wait in the end", n)
	}
	books.settle(r.arrivals())
	if orderly < interrupted/20 {
		t.Errorf("only %d of %d interrupted runs ended in order", orderly, interrupted)
	}
	t.Logf("%d runs interrupted, %d of them ended in order", interrupted, orderly)
	report(t, "interrupt-run-at-random-moment", interrupted)
}

// An interrupt while a plugin runs: it is ended with it, at once, and its check is due again.
func TestInterruptedPluginIsNotLeftBehind(t *testing.T) {
	r := newReceiver(t)
	h := newWorkingHost(t, r)
	books := newLedger(t)
	one := h.newRound("long", "60")
	books.begin(one.checks)
	began := filepath.Join(h.root, "ran")
	if err := syscall.Mkfifo(began, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := h.command(t.Context(), "run")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(began); err != nil { // until the plugin has said that it is there
		t.Fatal(err)
	}
	started := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := exitOf(t, cmd.Wait()); code != 1 {
		t.Errorf("it ended with %d", code)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %s to end", took)
	}
	if left := processesOf(t, filepath.Join(h.root, "plugins")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	waiting := h.waitingChecks()
	books.keep("it was in the spool after the interrupt", waiting...)
	if err := os.Remove(began); err != nil {
		t.Fatal(err)
	}
	h.endRound(one)
	h.drain(books)
	books.settle(r.arrivals())
	if n := len(r.arrivals()); n != 3 {
		t.Errorf("%d results arrived, want the 3 of the quick checks", n)
	}
}

// processesOf gives the command lines of the processes that work in a folder, where /proc tells.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && to == dir {
			b, _ := os.ReadFile(filepath.Join(filepath.Dir(l), "cmdline"))
			found = append(found, strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
	return found
}
