package plugin

import (
	"os"

	"golang.org/x/sys/unix"
)

// A waiter waits without reaping, so that the PID and the process group's id are not reused while
// the tree is being ended; reap follows.
type waiter struct{}

// waitFor polls a pidfd (pidfd_open(2)) with the runtime's poller, so that a hundred plugins do not
// take a hundred threads. Before Linux 5.3, and in sandboxes without pidfds, it blocks a thread.
func (waiter) waitFor(_ *os.Process, pid int) {
	if pollExit(pid) != nil {
		childEnded(pid, 0)
	}
}

// pollExit returns when the child has exited, or an error where there is no pidfd to poll.
func pollExit(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0) // not reused: the child is not reaped
	if err != nil {
		return err
	}
	// PIDFD_NONBLOCK needs Linux 5.10.
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
	return conn.Read(func(uintptr) bool { return childEnded(pid, unix.WNOHANG) })
}

// childEnded reports whether a child has exited, without reaping it. Unless flags contain WNOHANG
// it waits for the exit.
func childEnded(pid, flags int) bool {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|flags, nil)
		if err != unix.EINTR {
			return err != nil || info.Signo != 0 // an error means that there is no such child
		}
	}
}

func (waiter) reap(p *os.Process) *os.ProcessState {
	state, err := p.Wait()
	if err != nil {
		return nil
	}
	return state
}
