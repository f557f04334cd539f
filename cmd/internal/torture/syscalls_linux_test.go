package torture

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The real program is killed at each system call that has an effect outside of it: before the n-th of its kind, for
// every n that a run reaches.
func TestKilledAtEachSystemCall(t *testing.T) {
	needStrace(t)
	b := newBudget(t, 20*time.Second, 6)
	calls := []string{
		"pwrite64", "fdatasync", "flock", "ftruncate", "openat", "mkdirat", "write", "connect", "socket",
		"close", "pread64", "mmap", "munmap", "fstat", "newfstatat", "read", "clone", "execve",
	}
	h := newHost(t, nowhere, zeroPin)
	h.write(filepath.Join("plugins", "count.sh"), countPlugin, 0o700)
	before := newLedger(t)
	h.backlog(before, 1)
	states := []map[string][]byte{nil, h.snapshot()}
	killed := 0
	for stride := 8; stride > 0 && b.timeLeft(); stride /= 2 { // a coarse grid over all calls first, then the finer ones
		for _, call := range calls {
			for n, unharmed := stride, 0; unharmed < 2 && b.timeLeft(); n += stride {
				if stride < 8 && n%(2*stride) == 0 {
					continue // done in the coarser grid
				}
				died := h.runWithFault(t, before, states[killed%2], fault{call, []string{fmt.Sprintf("%s:signal=SIGKILL:when=%d", call, n)}, false, false})
				if died.code == -1 {
					killed++
					unharmed = 0
				} else {
					unharmed++
				}
				if t.Failed() {
					t.Fatalf("killed at %s number %d: %s", call, n, died.errs)
				}
			}
		}
	}
	report(t, "kill-run-at-each-system-call", killed)
}

// A fault is what happens to one run.
type fault struct {
	name       string
	injections []string
	onDisk     bool
	away       bool // the endpoint does not answer meanwhile
}

// runWithFault makes a run with a fault, from the given state, and then undisturbed runs that deliver everything to a
// new endpoint. It returns how the faulty run ended.
func (h *host) runWithFault(t *testing.T, before *ledger, state map[string][]byte, f fault) exitState {
	t.Helper()
	writeAll(t, h.state, state)
	e := newRecordingEndpoint(t)
	defer e.Close()
	h.configure(e.Address(), e.Pin())
	if f.away {
		h.configure(nowhere, zeroPin)
	}
	l := before.copy(t)
	if state == nil {
		l = newLedger(t)
	}
	now := h.newCheckSet("now", "")
	l.start(now.checks)
	cmd := h.traced(t.Context(), f.onDisk, f.injections, "run")
	end := finish(t, cmd)
	waiting := h.waitingChecks()
	switch end.code {
	case -1:
	case 5:
		l.lossKnown = true
	case 0:
		l.expect("the run with the fault ended with 0", now.checks...)
	default:
		if !strings.Contains(end.errs, "virgo: error: ") {
			t.Errorf("it ended with %d without an error message: %q", end.code, end.errs)
		}
	}
	l.expect("it was in the spool after the fault", waiting...)
	// A disk that stored nothing does not know that these checks ran: they would rightly run again.
	h.removeCheckSet(now)
	next := h.newCheckSet("next", "")
	defer h.removeCheckSet(next)
	l.start(next.checks)
	l.expect("the next run ended with 0", next.checks...)
	h.configure(e.Address(), e.Pin())
	h.drain(l)
	l.verify(storedIn(t, e))
	return end
}
