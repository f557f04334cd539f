package host

import (
	"bytes"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// maxGroups bounds how many groups are looked at: the agent's own and those above it.
const maxGroups = 32

// eachGroup calls look with the folder of the agent's control group and of each above it, as far as they can
// be seen from here (cgroups(7); kernel: Documentation/admin-guide/cgroup-v2.rst).
//
// In a container the own group is the root of what is seen: it is then either the whole of the path ("0::/", a
// cgroup namespace) or the end of the way up. The host's root has no limits and none of their files. Where the
// controllers are still those of version 1, version 2's folders have no such files either.
func eachGroup(t tree, look func(folder string)) {
	own, found := "", false
	err := eachLine(t.proc+"/self/cgroup", func(line []byte) bool {
		if !bytes.HasPrefix(line, []byte("0::/")) {
			return true
		}
		own, found = string(line[len("0::"):]), true
		return false
	})
	if err != nil || !found {
		return
	}
	if strings.Contains(own, "/..") {
		own = "/" // outside of what the namespace shows
	}
	for range maxGroups {
		if own == "/" {
			break
		}
		look(t.sys + "/fs/cgroup" + own)
		own = path.Dir(own)
	}
	look(t.sys + "/fs/cgroup")
}

// groupLimit reads a file that holds a number or "max"; not ok where it sets no limit.
func groupLimit(file string) (limit uint64, ok bool) {
	var buf [64]byte
	line, err := firstLine(file, buf[:])
	if err != nil {
		return 0, false
	}
	var n [1]uint64
	got, err := cutNumbers(line, n[:])
	return n[0], err == nil && got == 1
}

// groupCounters fills counters from the lines "name value" of a file.
func groupCounters(file string, counters map[string]*uint64) {
	missing := len(counters)
	// A file that cannot be read, or ends early, leaves zeros: caches that cannot be told, counters at rest.
	_ = eachLine(file, func(line []byte) bool {
		name, rest := cutField(line)
		if into, ok := counters[string(name)]; ok {
			var n [1]uint64
			if got, err := cutNumbers(rest, n[:]); err == nil && got == 1 {
				*into = n[0]
			}
			missing--
		}
		return missing > 0
	})
}

// readMemoryLimit reads memory.max, and of groups that have one memory.current and memory.stat (inactive_file);
// and memory.swap.*, which may be another group's. The zero value is no limit.
func readMemoryLimit(t tree) memoryLimit {
	var m memoryLimit
	eachGroup(t, func(folder string) {
		m.addMemory(folder)
		swap, ok := groupLimit(folder + "/memory.swap.max")
		if !ok || m.swapLimited && swap > m.swapLimit {
			return
		}
		m.swapLimited, m.swapLimit = true, swap
		m.swapUse, _ = groupLimit(folder + "/memory.swap.current")
	})
	return m
}

func (m *memoryLimit) addMemory(folder string) {
	limit, ok := groupLimit(folder + "/memory.max")
	if !ok {
		return
	}
	used, ok := groupLimit(folder + "/memory.current")
	if !ok {
		return
	}
	idle := uint64(0)
	groupCounters(folder+"/memory.stat", map[string]*uint64{"inactive_file": &idle})
	available := limit - min(limit, used-min(used, idle))
	if !m.limited || available < m.available {
		m.available = available
	}
	// Of two with the same limit the outer one holds more processes.
	if !m.limited || limit <= m.limit {
		m.limited, m.limit, m.used = true, limit, used
	}
}

// readCPULimit reads cpu.max ("quota period", in µs), and cpu.stat of the group where it is lowest. The zero
// value is no limit.
func readCPULimit(t tree, at func() time.Duration) cpuLimit {
	var (
		c      cpuLimit
		lowest string
		buf    [64]byte
	)
	eachGroup(t, func(folder string) {
		line, err := firstLine(folder+"/cpu.max", buf[:])
		if err != nil {
			return
		}
		var n [2]uint64 // a quota of "max" is no number
		if got, err := cutNumbers(line, n[:]); err != nil || got < len(n) || n[0] == 0 || n[1] == 0 {
			return
		}
		if limit := float64(n[0]) / float64(n[1]); lowest == "" || limit <= c.limit {
			c.limit, lowest = limit, folder
		}
	})
	if lowest == "" {
		return cpuLimit{}
	}
	var of unix.Stat_t
	if err := unix.Stat(lowest, &of); err != nil {
		return cpuLimit{}
	}
	c.group = of.Ino
	groupCounters(lowest+"/cpu.stat", map[string]*uint64{"usage_usec": &c.usage, "nr_periods": &c.periods, "nr_throttled": &c.throttled})
	c.at = at().Truncate(time.Millisecond)
	return c
}
