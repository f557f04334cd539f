package run

import "syscall"

// peakBytes returns the peak of this process's resident memory, ru_maxrss of getrusage(2), which is
// in bytes here and counts the program's own address space.
func peakBytes() int64 {
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) != nil {
		return 0
	}
	return ru.Maxrss
}
