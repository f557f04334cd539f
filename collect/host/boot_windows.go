package host

import (
	"time"

	"golang.org/x/sys/windows"
)

// bootID is the time of the boot, in seconds since the Unix epoch.
func bootID(_ tree, now time.Time) uint64 {
	return uint64(now.Add(-windows.DurationSinceBoot()).Unix())
}

// sameBoot reports whether two boot ids are of the same boot. They may differ a little, because
// adjusting the clock changes the computed time of the boot.
func sameBoot(a, b uint64) bool { return max(a, b)-min(a, b) <= 30 }

// uptime returns the time since the boot, which does not depend on the clock (GetTickCount64).
func uptime(time.Time) time.Duration { return windows.DurationSinceBoot() }
