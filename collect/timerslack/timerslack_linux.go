package timerslack

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// defaultSlack is the kernel's default, in nanoseconds.
const defaultSlack = 50_000

// ForChild calls start, which starts a child process or executes a program in place of this one, and
// returns its error. The calling thread has at most the kernel's default timer slack meanwhile, and
// its own again afterwards. start must not pass the work to another goroutine; os.StartProcess and
// the method Start of an exec.Cmd do not. Where the slack is the default already, this costs one
// system call.
func ForChild(start func() error) error {
	// The slack is read without locking the thread, which costs a program another thread the first
	// time. Threads of one process differ only where the Go runtime's monitor thread was given a slack:
	// those that it starts inherit it. A goroutine that moves to such a thread after the question
	// starts a child with that slack, which is rare and does no harm.
	if slack() <= defaultSlack {
		return start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own := slack()
	if own > defaultSlack && set(defaultSlack) == nil {
		defer set(own)
	}
	return start()
}

// slack returns the timer slack of this thread in nanoseconds; -1 if the system does not tell.
func slack() int {
	ns, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil {
		return -1
	}
	return ns
}

func set(ns int) error { return unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(ns), 0, 0, 0) }
