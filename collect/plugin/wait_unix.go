//go:build unix && !linux

package plugin

import "os"

// waited waits in one step: a group that has no process left when it is killed is not there any more,
// unless its number was given to another in the meantime, which takes these systems a full turn of all
// numbers.
type waited struct{ state *os.ProcessState }

func (w *waited) waitFor(p *os.Process) {
	if state, err := p.Wait(); err == nil {
		w.state = state
	}
}

func (w *waited) reap(*os.Process) *os.ProcessState { return w.state }
