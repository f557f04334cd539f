//go:build !linux && !darwin && !freebsd && !windows

package host

import "time"

// bootMark cannot be told here: a reboot shows by counters that went back.
func bootMark(tree, time.Time) uint64 { return 0 }

func sameBoot(a, b uint64) bool { return a == b }

// uptime counts from any fixed time.
func uptime(now time.Time) time.Duration { return time.Duration(now.UnixNano()) }
