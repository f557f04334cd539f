package host

import (
	"time"

	"golang.org/x/sys/unix"
)

// bootID is the time of the boot, in seconds since the Unix epoch; 0 where it is unknown.
func bootID(tree, time.Time) uint64 {
	tv, err := unix.SysctlTimeval("kern.boottime")
	if err != nil {
		return 0
	}
	return uint64(tv.Sec)
}

// sameBoot reports whether two boot ids are of the same boot. They may differ a little, because
// adjusting the clock changes the computed time of the boot.
func sameBoot(a, b uint64) bool { return max(a, b)-min(a, b) <= 30 }

// uptime returns the time since a fixed point in time. Here it is that of the clock, since the Unix
// epoch.
func uptime(now time.Time) time.Duration { return time.Duration(now.UnixNano()) }
