package plugin

import (
	"os"

	"golang.org/x/sys/unix"
)

// waited waits in two steps: the end is seen without taking the process from the table, so that its
// number, and that of its group, cannot become another's while the tree is being ended.
type waited struct{}

// waitFor waits by a descriptor of the process that the runtime's poller watches (pidfd_open(2)), so
// that a hundred plugins need no hundred threads. A kernel before 5.3, or a sandbox, has none: there a
// thread waits for each.
func (waited) waitFor(p *os.Process) {
	if pollExit(p.Pid) != nil {
		hasEnded(p.Pid, 0)
	}
}

// pollExit returns when the child has ended, or at once with an error where that cannot be polled for.
func pollExit(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0) // the number is the child's: nobody has reaped it
	if err != nil {
		return err
	}
	// PIDFD_NONBLOCK would ask for Linux 5.10.
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return err
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	defer f.Close()
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Read(func(uintptr) bool { return hasEnded(pid, unix.WNOHANG) })
}

// hasEnded looks whether a child has ended, and leaves it in the table. Without WNOHANG it waits for that.
func hasEnded(pid, flags int) bool {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|flags, nil)
		if err != unix.EINTR {
			return err != nil || info.Signo != 0 // no such child: it is not waited for
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
