package main

import (
	"golang.org/x/sys/unix"

	"virgo/collect/cgroup"
)

// processMemory is the memory that this process may use: that of its control group where that has a limit,
// else the host's; 0 if it is unknown.
func processMemory() uint64 {
	var total uint64
	var host unix.Sysinfo_t
	if unix.Sysinfo(&host) == nil {
		total = uint64(host.Totalram) * uint64(host.Unit)
	}
	if own := cgroup.ReadMemory("/proc", "/sys"); own.Limited && (total == 0 || own.Limit < total) {
		return own.Limit
	}
	return total
}
