// Package cgroup reads the limits that Linux's control groups, versions 1 and 2, set for this process:
// those of a container, of a systemd unit, or of a slice around it.
//
// The groups are those in /proc/self/cgroup and every one above that is visible; the lowest limit counts.
// What cannot be read is no limit: a check reports the host's figures without it. Paths of the kernel's
// file systems are arguments, since a test has captured ones. The texts are the kernel's; a group's name
// may be anybody's, and is only used as a path below the hierarchy.
package cgroup

// Memory is the limit of a control group in bytes, of memory, swap space or both. The zero value is no
// limit.
type Memory struct {
	Limited bool
	Limit   uint64 // the lowest of this process's own group and those above it
	// Used is the memory charged to the group with that limit, in bytes, including caches
	// (memory.current).
	Used uint64
	// Available is how many bytes the processes can still allocate within all limits; inactive
	// caches count as available.
	Available           uint64
	SwapLimited         bool
	SwapLimit, SwapUsed uint64
}

// CPU is the CPU limit of a control group, and the CPU time that its processes have used since it was
// created. The zero value is no limit.
type CPU struct {
	Group              uint64  // inode of the group's folder, unique per group; 0: no limit
	Limit              float64 // processors
	Usage              uint64  // µs that the group's processes ran
	Periods, Throttled uint64  // enforcement periods, and those in which processes were throttled
}
