package main

import (
	"os"
	"syscall"
)

// maxResident returns the peak of resident memory in bytes: ru_maxrss of getrusage(2), which
// FreeBSD counts in KiB.
func maxResident(p *os.ProcessState) int64 {
	if ru, ok := p.SysUsage().(*syscall.Rusage); ok {
		return ru.Maxrss << 10
	}
	return 0
}
