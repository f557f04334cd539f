package footprint

import (
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	// monitorSlack is the timer slack of the monitor thread, and defaultSlack the kernel's default, in
	// nanoseconds.
	monitorSlack = 2_000_000
	defaultSlack = 50_000
)

// RelaxMonitor gives the Go runtime's monitor thread a timer slack of 2 ms. That thread sleeps for 20
// µs at a time while the program works or waits for the disk, which is some fifty wake-ups and a tenth
// of the CPU time of a run. What it looks for, goroutines that keep the processor while they wait in
// the kernel or for more than 10 ms, it finds up to 2 ms later.
//
// It must be called at the start of the program, when the monitor thread is the second one. Nothing
// changes without CAP_SYS_NICE, which the slack of another thread needs, and where the process was
// started with a larger slack than the kernel's default, as by the systemd unit of `virgo install`.
func RelaxMonitor() {
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil || slack > defaultSlack {
		return
	}
	if thread := secondThread(); thread != "" {
		writeSlack(thread)
	}
}

// secondThread returns the id of the thread that the runtime started first; empty if it is unknown.
func secondThread() string {
	fd, err := unix.Open("/proc/self/task", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	buf := make([]byte, 512)
	n, err := unix.ReadDirent(fd, buf)
	if err != nil {
		return ""
	}
	// The kernel lists threads in the order of their start.
	_, _, names := unix.ParseDirent(buf[:n], 2, nil)
	if len(names) < 2 || names[0] != strconv.Itoa(unix.Getpid()) {
		return ""
	}
	return names[1]
}

func writeSlack(thread string) {
	fd, err := unix.Open("/proc/"+thread+"/timerslack_ns", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	unix.Write(fd, strconv.AppendInt(nil, monitorSlack, 10))
}
