//go:build unix

package agent

import "syscall"

// peakBytes gives this process's peak resident memory, from getrusage(2): kilobytes everywhere but on
// darwin, where it is bytes.
func peakBytes() int64 {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return int64(ru.Maxrss) * maxrssUnit
}
