package cgroup

import (
	"bytes"
	"path"
	"strings"

	"virgo/collect/procfs"

	"golang.org/x/sys/unix"
)

// maxGroups bounds the number of groups that are read: the agent's own and its ancestors.
const maxGroups = 32

// A group is a control group of the agent: a path below the folder of its hierarchy.
type group struct{ hierarchy, path string }

// ownGroups are the agent's control groups. Version 1 has a hierarchy for each controller; where
// there is none, its group is the zero value (cgroups(7)).
type ownGroups struct {
	unified, memory, cpu, cpuacct group
}

func readOwnGroups(proc, sys string) (own ownGroups) {
	// Without this file there are no control groups.
	_ = procfs.EachLine(proc+"/self/cgroup", func(line []byte) bool {
		_, line, _ = bytes.Cut(line, []byte(":"))
		list, path, ok := bytes.Cut(line, []byte(":"))
		switch {
		case !ok || len(path) == 0 || path[0] != '/':
		case len(list) == 0:
			own.unified = group{sys + "/fs/cgroup", string(path)}
		default:
			own.addVersion1(sys, string(list), string(path))
		}
		return true
	})
	return own
}

// each calls visit with the folder of the group and of each of its ancestors that is visible
// (cgroups(7); kernel: Documentation/admin-guide/cgroup-v2.rst).
//
// In a container the agent's own group is the root of the visible hierarchy. Either the path is "/" (a
// cgroup namespace), or the groups of the path do not exist here and the root is visited last. The
// root of the host has no limits; neither have the folders of version 2 if the controllers are
// managed by version 1.
func (g group) each(visit func(folder string)) {
	if g.hierarchy == "" {
		return
	}
	own := g.path
	if strings.Contains(own, "/..") {
		own = "/" // outside of the namespace
	}
	for range maxGroups {
		if own == "/" {
			break
		}
		visit(g.hierarchy + own)
		own = path.Dir(own)
	}
	visit(g.hierarchy)
}

// groupLimit reads a file that contains a number or "max"; ok is false if there is no limit.
func groupLimit(file string) (limit uint64, ok bool) {
	var buf [64]byte
	line, err := procfs.FirstLine(file, buf[:])
	if err != nil {
		return 0, false
	}
	var n [1]uint64
	got, err := procfs.Numbers(line, n[:])
	return n[0], err == nil && got == 1
}

// groupCounters fills counters from the lines "name value" of a file.
func groupCounters(file string, counters map[string]*uint64) {
	missing := len(counters)
	// A file that cannot be read, or lacks a line, leaves zeros.
	_ = procfs.EachLine(file, func(line []byte) bool {
		name, rest := procfs.Field(line)
		if into, ok := counters[string(name)]; ok {
			var n [1]uint64
			if got, err := procfs.Numbers(rest, n[:]); err == nil && got == 1 {
				*into = n[0]
			}
			missing--
		}
		return missing > 0
	})
}

// ReadMemory reads memory.max, and of groups that have such a limit memory.current and
// memory.stat (inactive_file); and memory.swap.*, which may be another group's. The zero value is
// no limit.
func ReadMemory(proc, sys string) Memory {
	var m Memory
	own := readOwnGroups(proc, sys)
	own.memory.each(m.addVersion1) // one of the two manages memory
	own.unified.each(func(folder string) {
		m.addMemory(folder)
		swap, ok := groupLimit(folder + "/memory.swap.max")
		if !ok || m.SwapLimited && swap > m.SwapLimit {
			return
		}
		m.SwapLimited, m.SwapLimit = true, swap
		m.SwapUsed, _ = groupLimit(folder + "/memory.swap.current")
	})
	return m
}

func (m *Memory) addMemory(folder string) {
	if limit, ok := groupLimit(folder + "/memory.max"); ok {
		m.addLimit(folder, limit, "memory.current", "inactive_file")
	}
}

// addLimit adds the limit of the group in folder and returns its used bytes, which are in the file
// usage. idle is the counter of those that are inactive caches. ok is false if they cannot be read.
func (m *Memory) addLimit(folder string, limit uint64, usage, idle string) (used uint64, ok bool) {
	if used, ok = groupLimit(folder + "/" + usage); !ok {
		return 0, false
	}
	inactive := uint64(0)
	groupCounters(folder+"/memory.stat", map[string]*uint64{idle: &inactive})
	available := limit - min(limit, used-min(used, inactive))
	if !m.Limited || available < m.Available {
		m.Available = available
	}
	// Of two with the same limit the outer one has more processes.
	if !m.Limited || limit <= m.Limit {
		m.Limited, m.Limit, m.Used = true, limit, used
	}
	return used, true
}

// ReadCPU reads cpu.max ("quota period", in µs), and cpu.stat of the group with the lowest
// limit. The zero value is no limit.
func ReadCPU(proc, sys string) CPU {
	var (
		c      CPU
		lowest string
		buf    [64]byte
	)
	own := readOwnGroups(proc, sys)
	if c := own.readCPU(); c.Group != 0 {
		return c
	}
	own.unified.each(func(folder string) {
		line, err := procfs.FirstLine(folder+"/cpu.max", buf[:])
		if err != nil {
			return
		}
		var n [2]uint64 // a quota of "max" is not a number
		if got, err := procfs.Numbers(line, n[:]); err != nil || got < len(n) || n[0] == 0 || n[1] == 0 {
			return
		}
		if limit := float64(n[0]) / float64(n[1]); lowest == "" || limit <= c.Limit {
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
	c.Group = of.Ino
	groupCounters(lowest+"/cpu.stat", map[string]*uint64{
		"usage_usec": &c.Usage, "nr_periods": &c.Periods, "nr_throttled": &c.Throttled,
	})
	return c
}
