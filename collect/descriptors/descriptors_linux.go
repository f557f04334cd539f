package descriptors

import (
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// firstOther is the first descriptor behind standard input, output and error.
const firstOther = 3

// KeepFromChildren makes children get no descriptor but those that they are given. It is called before
// each start, because it costs one system call only.
func KeepFromChildren() {
	if unix.CloseRange(firstOther, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) != nil { // before Linux 5.11
		closeListed()
	}
}

// closeListed does the same with the list of descriptors in /proc. Without it, nothing is done: what was
// inherited is the doing of whoever started the agent.
func closeListed() {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd >= firstOther {
			unix.CloseOnExec(fd)
		}
	}
}
