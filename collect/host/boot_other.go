//go:build !linux && !darwin && !freebsd && !windows

package host

import "time"

// bootID returns 0, unknown: a reboot is only recognized by counters that decreased.
func bootID(tree, time.Time) uint64 { return 0 }

func sameBoot(a, b uint64) bool { return a == b }

// uptime returns the time since a fixed point in time. Here it is that of the clock, since the Unix
// epoch.
func uptime(now time.Time) time.Duration { return time.Duration(now.UnixNano()) }
