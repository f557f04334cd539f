package host

import (
	"time"

	"golang.org/x/sys/windows"
)

// bootMark returns the time of the boot, in seconds since the Unix epoch.
func bootMark(_ tree, now time.Time) uint64 {
	return uint64(now.Add(-windows.DurationSinceBoot()).Unix())
}

// sameBoot allows for a clock that was corrected: the time of the boot moves with it.
func sameBoot(a, b uint64) bool { return max(a, b)-min(a, b) <= 30 }

// uptime is a clock that nobody sets (GetTickCount64).
func uptime(time.Time) time.Duration { return windows.DurationSinceBoot() }
