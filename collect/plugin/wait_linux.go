package plugin

import (
	"os"

	"golang.org/x/sys/unix"
)

// waited waits in two steps: the end is seen without taking the process from the table, so that its
// number, and that of its group, cannot become another's while the tree is being ended.
type waited struct{}

func (waited) waitFor(p *os.Process) {
	for {
		if err := unix.Waitid(unix.P_PID, p.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != unix.EINTR {
			return
		}
	}
}

func (waited) reap(p *os.Process) *os.ProcessState {
	state, err := p.Wait()
	if err != nil {
		return nil
	}
	return state
}
