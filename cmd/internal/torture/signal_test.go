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

// Ctrl-C or a shutdown at random moments of a run: as with a kill, each stored result arrives once. Besides, checks
// that were not done are released, so that the next run does them, and no plugin is left behind.
func TestInterruptedAtRandomMoments(t *testing.T) {
	b, rnd := newBudget(t, 30*time.Second, 5), seededRandom(t)
	r := newRealEndpoint(t)
	h := newWorkingHost(t, r)
	l := newLedger(t)
	sleeps := []string{"", "0.1"}
	usual := make(map[string]time.Duration)
	for i := range 4 {
		one := h.newCheckSet(fmt.Sprint("calm", i), sleeps[i%2])
		l.start(one.checks)
		e := h.run("run")
		if e.code != 0 {
			t.Fatalf("an undisturbed run ended with %d: %s", e.code, e.errs)
		}
		l.expect("an undisturbed run reported it", one.checks...)
		usual[one.sleep] = max(usual[one.sleep], e.took)
		h.removeCheckSet(one)
	}

	interrupted, orderly := 0, 0
	for i := 0; (interrupted < 100 || b.tryAll) && b.timeLeft() && !t.Failed(); i++ {
		one := h.newCheckSet(fmt.Sprint("i", i), sleeps[i%2])
		l.start(one.checks)
		sig := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}[i/2%2]
		code, errs := signalAfter(t, h.command(t.Context(), "run"), sig, randomTime(rnd, usual[one.sleep]))
		switch {
		case code == 0:
			l.expect(fmt.Sprintf("run %d reported it", i), one.checks...)
		case code == -1: // before it handled signals
			interrupted++
		case code == 128+int(sig) && strings.Contains(errs, "virgo: interrupted: "):
			interrupted++
			orderly++
		default:
			t.Fatalf("run %d, signal %s: it ended with %d: %s", i, sig, code, errs)
		}
		l.expectSpooled(fmt.Sprintf("it was in the spool after run %d", i), h)
		// No claim has to expire: the next run does what is left and delivers everything.
		if e := h.run("run", "--strict"); e.code != 0 {
			t.Fatalf("the run after %d ended with %d: %s", i, e.code, e.errs)
		}
		l.expect(fmt.Sprintf("the run after the interrupted run %d ended with 0", i), one.checks...)
		h.removeCheckSet(one)
	}
	if n := len(h.waiting()); n != 0 {
		t.Errorf("%d results wait in the end", n)
	}
	l.verify(r.stored())
	if orderly < interrupted/20 {
		t.Errorf("only %d of %d interrupted runs ended in order", orderly, interrupted)
	}
	t.Logf("%d runs interrupted, %d of them ended in order", interrupted, orderly)
	report(t, "interrupt-run-at-random-moment", interrupted)
}

// An interrupt while a plugin runs: the plugin is ended at once, and its check is due again.
func TestInterruptedPluginIsNotLeftBehind(t *testing.T) {
	r := newRealEndpoint(t)
	h := newWorkingHost(t, r)
	l := newLedger(t)
	one := h.newCheckSet("long", "60")
	l.start(one.checks)
	began := filepath.Join(h.root, "ran")
	if err := syscall.Mkfifo(began, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := h.command(t.Context(), "run")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(began); err != nil { // until the plugin has started
		t.Fatal(err)
	}
	started := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := exitOf(t, cmd.Wait()); code != 128+int(syscall.SIGINT) {
		t.Errorf("it ended with %d", code)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %s to end", took)
	}
	if left := processesOf(t, filepath.Join(h.root, "plugins")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	waiting := h.waitingChecks()
	l.expect("it was in the spool after the interrupt", waiting...)
	if err := os.Remove(began); err != nil {
		t.Fatal(err)
	}
	h.removeCheckSet(one)
	h.drain(l)
	l.verify(r.stored())
	if n := len(r.stored()); n != 3 {
		t.Errorf("%d results arrived, want the 3 of the quick checks", n)
	}
}

// processesOf returns the command lines of the processes whose working folder is dir, where /proc exists.
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
