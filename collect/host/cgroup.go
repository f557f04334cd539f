package host

import (
	"time"

	"virgo/collect"
)

// A memoryLimit is the limit of a control group in bytes, of memory, swap space or both.
type memoryLimit struct {
	limited bool
	limit   uint64 // the lowest of the agent's own group and those above it
	// used is the memory charged to the group with that limit, in bytes, including caches
	// (memory.current).
	used uint64
	// available is how many bytes the processes can still allocate within all limits; inactive
	// caches count as available.
	available          uint64
	swapLimited        bool
	swapLimit, swapUse uint64
}

func (m memoryLimit) add(f *collect.MetricBuilder) {
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

// A cpuLimit is the CPU limit of a control group, and the CPU time that its processes have used
// since it was created.
type cpuLimit struct {
	group              uint64        // inode of the group's folder, unique per group; 0: no limit
	limit              float64       // processors; not in samples
	at                 time.Duration // of uptime's clock, in ms
	usage              uint64        // µs that the group's processes ran
	periods, throttled uint64        // enforcement periods, and those in which processes were throttled
}

// follows reports whether c can be compared with the earlier one.
func (c cpuLimit) follows(before cpuLimit) bool {
	return c.group == 0 || c.group == before.group && c.at-before.at >= minCPUSpan &&
		c.usage >= before.usage && c.periods >= before.periods && c.throttled >= before.throttled
}

// add adds the metrics of the limit. If the earlier sample can be compared, these include the usage
// since then in percent of the limit, and the percentage of throttled periods.
func (c cpuLimit) add(f *collect.MetricBuilder, before cpuLimit) {
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
