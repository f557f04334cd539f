package main

import (
	"os"
	"syscall"
)

// maxResident is getrusage(2)'s ru_maxrss, which FreeBSD counts in KiB.
func maxResident(p *os.ProcessState) int64 {
	if ru, ok := p.SysUsage().(*syscall.Rusage); ok {
		return ru.Maxrss << 10
	}
	return 0
}
