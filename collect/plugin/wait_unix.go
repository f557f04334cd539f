//go:build unix && !linux

package plugin

import "os"

// A waiter reaps at once. The process group's id could be reused before the group is killed, but
// these systems reuse a PID only after all others.
type waiter struct{ state *os.ProcessState }

func (w *waiter) waitFor(p *os.Process, _ int) {
	if state, err := p.Wait(); err == nil {
		w.state = state
	}
}

func (w *waiter) reap(*os.Process) *os.ProcessState { return w.state }
