package host

import (
	"time"

	"virgo/collect"
	"virgo/collect/cgroup"
)

// readMemoryLimit reads the memory limit of the agent's control groups.
func readMemoryLimit(t tree) cgroup.Memory { return cgroup.ReadMemory(t.proc, t.sys) }

func addMemoryLimit(f *collect.MetricBuilder, m cgroup.Memory) {
	if m.Limited {
		f.Gauge("cgroup_memory_limit", m.Limit, "bytes")
		f.Gauge("cgroup_memory_used", m.Used, "bytes")
		f.Gauge("cgroup_memory_available", m.Available, "bytes")
	}
	if m.SwapLimited {
		f.Gauge("cgroup_swap_limit", m.SwapLimit, "bytes")
		f.Gauge("cgroup_swap_used", m.SwapUsed, "bytes")
	}
}

// A cpuLimit is the CPU limit of a control group, as a sample stores it: without the limit itself.
type cpuLimit struct {
	cgroup.CPU
	at time.Duration // of uptime's clock, in ms
}

// readCPULimit reads the CPU limit of the agent's control groups. The zero value is no limit.
func readCPULimit(t tree, at func() time.Duration) cpuLimit {
	c := cgroup.ReadCPU(t.proc, t.sys)
	if c.Group == 0 {
		return cpuLimit{}
	}
	return cpuLimit{c, at().Truncate(time.Millisecond)}
}

// follows reports whether c can be compared with the earlier one.
func (c cpuLimit) follows(before cpuLimit) bool {
	return c.Group == 0 || c.Group == before.Group && c.at-before.at >= minCPUSpan &&
		c.Usage >= before.Usage && c.Periods >= before.Periods && c.Throttled >= before.Throttled
}

// add adds the metrics of the limit. If the earlier sample can be compared, these include the usage
// since then in percent of the limit, and the percentage of throttled periods.
func (c cpuLimit) add(f *collect.MetricBuilder, before cpuLimit) {
	if c.Group == 0 {
		return
	}
	f.Double("cgroup_cpu_limit", c.Limit, "count")
	if !c.follows(before) {
		return
	}
	allowed := float64((c.at - before.at).Microseconds()) * c.Limit
	f.Double("cgroup_cpu_usage", 100*float64(c.Usage-before.Usage)/allowed, "percent")
	throttled := 0.0
	if periods := c.Periods - before.Periods; periods > 0 {
		throttled = 100 * float64(min(periods, c.Throttled-before.Throttled)) / float64(periods)
	}
	f.Double("cgroup_cpu_throttled", throttled, "percent")
}
