package torture

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The real program is killed at each system call that the world outside can notice: before the n-th of its
// kind, for every n that a run comes to.
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
	for stride := 8; stride > 0 && b.left(); stride /= 2 { // a coarse grid over all calls first, then the finer ones
		for _, call := range calls {
			for n, unharmed := stride, 0; unharmed < 2 && b.left(); n += stride {
				if stride < 8 && n%(2*stride) == 0 {
					continue // a coarser grid had it
				}
				died := h.faulty(t, before, states[killed%2], fault{call, []string{fmt.Sprintf("%s:signal=SIGKILL:when=%d", call, n)}, false, false})
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

// faulty lets a run meet a fault, from the state given, and then a good run bring everything to a new
// endpoint. It gives how the faulty run ended.
func (h *host) faulty(t *testing.T, before *ledger, state map[string][]byte, f fault) ending {
	t.Helper()
	writeAll(t, h.state, state)
	e := newBooks(t)
	defer e.Close()
	h.configure(e.Address(), e.Pin())
	if f.away {
		h.configure(nowhere, zeroPin)
	}
	l := before.copy(t)
	if state == nil {
		l = newLedger(t)
	}
	now := h.newRound("now", "")
	l.begin(now.checks)
	cmd := h.traced(t.Context(), f.onDisk, f.injections, "run")
	end := finish(t, cmd)
	waiting := h.waitingChecks()
	switch end.code {
	case -1, 5:
	case 0:
		l.keep("the run with the fault ended with 0", now.checks...)
	default:
		if !strings.Contains(end.errs, "virgo: error: ") {
			t.Errorf("it ended with %d and said nothing: %q", end.code, end.errs)
		}
	}
	l.keep("it was in the spool after the fault", waiting...)
	// A disk that took nothing does not know that these checks ran: they would rightly run again.
	h.endRound(now)
	next := h.newRound("next", "")
	defer h.endRound(next)
	l.begin(next.checks)
	l.keep("the next run ended with 0", next.checks...)
	h.configure(e.Address(), e.Pin())
	h.drain(l)
	l.settle(inBooks(t, e))
	return end
}
