package host

import (
	"time"

	"virgo/collect"
)

// A memoryLimit is what a control group lets its processes have, in bytes: of memory, of swap space or of both.
type memoryLimit struct {
	limited bool
	limit   uint64 // the lowest, of the agent's own group and those above it
	// used is what the group with that limit was charged for: with its caches, as memory.current has it.
	used uint64
	// available is what the processes can still get until one of the limits stops them; caches that were not
	// looked at lately can be given up.
	available          uint64
	swapLimited        bool
	swapLimit, swapUse uint64
}

func (m memoryLimit) add(f *collect.Figures) {
	if m.limited {
		f.Gauge("cgroup_memory_limit", m.limit, "bytes")
		f.Gauge("cgroup_memory_used", m.used, "bytes")
		f.Gauge("cgroup_memory_available", m.available, "bytes")
	}
	if m.swapLimited {
		f.Gauge("cgroup_swap_limit", m.swapLimit, "bytes")
		f.Gauge("cgroup_swap_used", m.swapUse, "bytes")
	}
}

// A cpuLimit is the processor time that a control group lets its processes have, and what they took of it
// since the group was made.
type cpuLimit struct {
	group              uint64        // the group's number, another one for each group made; 0: no limit anywhere
	limit              float64       // processors; not kept in samples
	at                 time.Duration // of uptime's clock, in ms
	usage              uint64        // µs that the group's processes ran
	periods, throttled uint64        // spans that the limit holds for, and those that ended with processes stopped
}

// follows reports whether c can be compared with the earlier one.
func (c cpuLimit) follows(before cpuLimit) bool {
	return c.group == 0 || c.group == before.group && c.at-before.at >= minCPUSpan &&
		c.usage >= before.usage && c.periods >= before.periods && c.throttled >= before.throttled
}

// add adds the limit, and what was made of it since the earlier one where they can be compared: usage in
// percent of the limit, and how many percent of the periods reached it.
func (c cpuLimit) add(f *collect.Figures, before cpuLimit) {
	if c.group == 0 {
		return
	}
	f.Double("cgroup_cpu_limit", c.limit, "count")
	if !c.follows(before) {
		return
	}
	allowed := float64((c.at - before.at).Microseconds()) * c.limit
	f.Double("cgroup_cpu_usage", 100*float64(c.usage-before.usage)/allowed, "percent")
	throttled := 0.0
	if periods := c.periods - before.periods; periods > 0 {
		throttled = 100 * float64(min(periods, c.throttled-before.throttled)) / float64(periods)
	}
	f.Double("cgroup_cpu_throttled", throttled, "percent")
}
