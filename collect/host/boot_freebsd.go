package host

import (
	"time"

	"golang.org/x/sys/unix"
)

// bootMark returns the time of the boot, in seconds since the Unix epoch; 0 where it cannot be told.
func bootMark(tree, time.Time) uint64 {
	tv, err := unix.SysctlTimeval("kern.boottime")
	if err != nil {
		return 0
	}
	return uint64(tv.Sec)
}

// sameBoot allows for a clock that was corrected: the time of the boot moves with it.
func sameBoot(a, b uint64) bool { return max(a, b)-min(a, b) <= 30 }

// uptime counts from any fixed time.
func uptime(now time.Time) time.Duration { return time.Duration(now.UnixNano()) }
