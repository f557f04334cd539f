package cgroup

import (
	"strings"

	"golang.org/x/sys/unix"
)

// addVersion1 adds the group of a hierarchy of version 1, whose controllers are joined by commas. It
// is mounted in a folder of that name, or of one controller's.
func (own *ownGroups) addVersion1(sys, controllers, path string) {
	for controller := range strings.SplitSeq(controllers, ",") {
		var into *group
		switch controller {
		case "memory":
			into = &own.memory
		case "cpu":
			into = &own.cpu
		case "cpuacct":
			into = &own.cpuacct
		default:
			continue
		}
		folder := sys + "/fs/cgroup/" + controllers
		var of unix.Stat_t
		if controller != controllers && unix.Stat(folder, &of) != nil {
			folder = sys + "/fs/cgroup/" + controller
		}
		*into = group{folder, path}
	}
}

// Limits of version 1 that are none: the largest number of pages in bytes, of a kernel for 64 and for
// 32 bits (PAGE_COUNTER_MAX).
const (
	unlimited64 = 1 << 62
	unlimited32 = (1<<31 - 1) << 12
)

func limitVersion1(file string) (limit uint64, ok bool) {
	limit, ok = groupLimit(file)
	return limit, ok && limit < unlimited64 && limit != unlimited32
}

// addVersion1 adds the limits of a group (kernel: Documentation/admin-guide/cgroup-v1/memory.rst).
// memsw counts memory and swap space together, so the limit of swap space is what it exceeds that of
// memory by.
func (m *Memory) addVersion1(folder string) {
	limit, ok := limitVersion1(folder + "/memory.limit_in_bytes")
	if !ok {
		return
	}
	used, ok := m.addLimit(folder, limit, "memory.usage_in_bytes", "total_inactive_file")
	if !ok {
		return
	}
	both, ok := limitVersion1(folder + "/memory.memsw.limit_in_bytes")
	if swap := both - min(limit, both); ok && (!m.SwapLimited || swap <= m.SwapLimit) {
		m.SwapLimited, m.SwapLimit = true, swap
		bothUsed, _ := groupLimit(folder + "/memory.memsw.usage_in_bytes")
		m.SwapUsed = bothUsed - min(used, bothUsed)
	}
}

// readCPU reads cpu.cfs_quota_us and cpu.cfs_period_us, and cpu.stat and cpuacct.usage (in ns) of the
// group with the lowest limit (kernel: Documentation/scheduler/sched-bwc.rst). The zero value is no
// limit, or a usage that cannot be read.
func (own ownGroups) readCPU() CPU {
	var (
		c      CPU
		lowest string
	)
	own.cpu.each(func(folder string) {
		quota, ok := groupLimit(folder + "/cpu.cfs_quota_us") // -1, which is no number here, is no limit
		period, ok2 := groupLimit(folder + "/cpu.cfs_period_us")
		if !ok || !ok2 || quota == 0 || period == 0 {
			return
		}
		if limit := float64(quota) / float64(period); lowest == "" || limit <= c.Limit {
			c.Limit, lowest = limit, folder
		}
	})
	if lowest == "" {
		return CPU{}
	}
	var of unix.Stat_t
	if err := unix.Stat(lowest, &of); err != nil {
		return CPU{}
	}
	usage, ok := groupLimit(own.cpuacct.hierarchy + strings.TrimPrefix(lowest, own.cpu.hierarchy) + "/cpuacct.usage")
	if !ok {
		return CPU{}
	}
	c.Group, c.Usage = of.Ino, usage/1000
	groupCounters(lowest+"/cpu.stat", map[string]*uint64{"nr_periods": &c.Periods, "nr_throttled": &c.Throttled})
	return c
}
