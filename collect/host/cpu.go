package host

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"virgo/collect"
)

// cpuTimes is the time of a processor, or of all, by use, in ticks (ticksPerSecond).
type cpuTimes struct {
	user   uint64 // processes, niced ones and a hypervisor's guests included
	system uint64
	idle   uint64
	wait   uint64 // idle while I/O was pending
	irq    uint64 // interrupts, hard and soft
	stolen uint64 // a hypervisor ran something else
}

func (t cpuTimes) total() uint64 { return t.user + t.system + t.idle + t.wait + t.irq + t.stolen }

// coreTimes are the times of one processor that max_cpu_usage and min_cpu_usage are computed from.
type coreTimes struct{ total, idle uint64 }

// cpuCounters count from boot.
type cpuCounters struct {
	all   cpuTimes
	cores []coreTimes
	limit cpuLimit // of the agent's control group
}

func (c *cpuCounters) add(t cpuTimes) {
	c.all.user += t.user
	c.all.system += t.system
	c.all.idle += t.idle
	c.all.wait += t.wait
	c.all.irq += t.irq
	c.all.stolen += t.stolen
	c.cores = append(c.cores, coreTimes{total: t.total(), idle: t.idle})
}

// minCPUSpan is the shortest time between two samples. In a shorter time, a single tick would
// distort the percentages.
const minCPUSpan = 500 * time.Millisecond

// errNoCPU is returned when the list of processors is empty.
var errNoCPU = errors.New("no processor is listed")

type cpu struct {
	tree   tree
	read   func(ctx context.Context, t tree) (cpuCounters, error)
	uptime func(now time.Time) time.Duration
}

func cpuType(t tree) collect.Type {
	return collect.Type{
		Name:       "agent.cpu",
		Summary:    "CPU time by mode since the last run, in percent",
		KeyMetrics: []string{"usage_average", "wait_percent_average", "max_cpu_usage"},
		KernelOnly: true,
		Checker:    cpu{tree: t, read: readCPU, uptime: uptime},
	}
}

// Check reports averages over the time since the previous sample: of all processors together, and
// the usage of the busiest and the least busy one. usage is all time that is not idle, so waiting
// for I/O counts. If a control group limits the agent's processes (a container, or a unit with a
// quota), it also reports cgroup_cpu_limit in processors, cgroup_cpu_usage in percent of the limit,
// and cgroup_cpu_throttled, the percentage of the group's periods in which processes were
// throttled.
func (c cpu) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	boot := bootID(c.tree, req.Now())
	now, err := c.sample(ctx, req)
	if err != nil {
		return collect.Report{}, err
	}
	before, ok := parseCPUSample(req.Previous, boot)
	if !ok || !now.follows(before) {
		before = now
		if err := pause(ctx); err != nil {
			return collect.Report{Sample: now.sample(boot)}, err
		}
		if now, err = c.sample(ctx, req); err != nil {
			return collect.Report{}, err
		}
	}
	report := collect.Report{Sample: now.sample(boot)}
	var f collect.MetricBuilder
	f.Metrics, err = now.since(before)
	if err == nil {
		now.limit.add(&f, before.limit)
	}
	report.Metrics = f.Metrics
	return report, err
}

func (c cpu) sample(ctx context.Context, req collect.Request) (cpuCounters, error) {
	now, err := c.read(ctx, c.tree)
	if err == nil {
		now.limit = readCPULimit(c.tree, func() time.Duration { return c.uptime(req.Now()) })
	}
	return now, err
}

// follows reports whether c can be compared with the earlier sample: both have the same number of
// processors, no counter decreased, and there is enough time between them. Only wait may decrease,
// because it is not reliable (proc(5)).
func (c cpuCounters) follows(before cpuCounters) bool {
	a, b := before.all, c.all
	if len(c.cores) != len(before.cores) || !c.limit.follows(before.limit) ||
		b.user < a.user || b.system < a.system || b.idle < a.idle || b.irq < a.irq || b.stolen < a.stolen {
		return false
	}
	for i, core := range c.cores {
		if core.total < before.cores[i].total {
			return false
		}
	}
	least := uint64(len(c.cores)) * uint64(ticksPerSecond*minCPUSpan/time.Second)
	return b.total() >= a.total()+least
}

// increase returns how much a counter grew; 0 if it decreased.
func increase(before, now uint64) uint64 { return now - min(before, now) }

func (c cpuCounters) since(before cpuCounters) ([]collect.Metric, error) {
	d := cpuTimes{
		user:   increase(before.all.user, c.all.user),
		system: increase(before.all.system, c.all.system),
		idle:   increase(before.all.idle, c.all.idle),
		wait:   increase(before.all.wait, c.all.wait),
		irq:    increase(before.all.irq, c.all.irq),
		stolen: increase(before.all.stolen, c.all.stolen),
	}
	total := d.total()
	if total == 0 {
		return nil, errors.New("the processors' counters do not change")
	}
	percent := func(part uint64) float64 { return 100 * float64(part) / float64(total) }
	usage := percent(total - d.idle)
	lowest, highest := usage, usage
	if len(c.cores) == len(before.cores) {
		lowest, highest = c.extremes(before, usage)
	}
	f := collect.MetricBuilder{Metrics: make([]collect.Metric, 0, 10)}
	f.Uint64("cpu_count", uint64(len(c.cores)), "count")
	f.Double("user_percent_average", percent(d.user), "percent")
	f.Double("sys_percent_average", percent(d.system), "percent")
	f.Double("idle_percent_average", percent(d.idle), "percent")
	if countsWait {
		f.Double("wait_percent_average", percent(d.wait), "percent")
		f.Double("irq_percent_average", percent(d.irq), "percent")
		f.Double("stolen_percent_average", percent(d.stolen), "percent")
	}
	f.Double("usage_average", usage, "percent")
	f.Double("max_cpu_usage", highest, "percent")
	f.Double("min_cpu_usage", lowest, "percent")
	return f.Metrics, nil
}

// extremes returns the usage of the least and the most busy processor, without those whose counters
// did not change (they are offline).
func (c cpuCounters) extremes(before cpuCounters, average float64) (lowest, highest float64) {
	any := false
	for i, core := range c.cores {
		total := increase(before.cores[i].total, core.total)
		if total == 0 {
			continue
		}
		idle := min(total, increase(before.cores[i].idle, core.idle))
		usage := 100 * float64(total-idle) / float64(total)
		if !any {
			any, lowest, highest = true, usage, usage
		}
		lowest, highest = min(lowest, usage), max(highest, usage)
	}
	if !any {
		return average, average
	}
	return lowest, highest
}

const (
	cpuSampleKind    = 'c'
	cpuSampleVersion = 2
)

// sample encodes the sum of all processors, their number, and total and idle of each. Of the
// limited control group it encodes the id (0: none), the time in ms, usage, periods and throttled.
func (c cpuCounters) sample(boot uint64) []byte {
	b := newSample(cpuSampleKind, cpuSampleVersion, boot)
	a := c.all
	for _, n := range [...]uint64{a.user, a.system, a.idle, a.wait, a.irq, a.stolen, uint64(len(c.cores))} {
		b = binary.AppendUvarint(b, n)
	}
	for _, core := range c.cores {
		b = binary.AppendUvarint(b, core.total)
		b = binary.AppendUvarint(b, core.idle)
	}
	l := c.limit
	for _, n := range [...]uint64{l.Group, uint64(l.at.Milliseconds()), l.Usage, l.Periods, l.Throttled} {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

func parseCPUSample(b []byte, boot uint64) (cpuCounters, bool) {
	r, id := openSample(b, cpuSampleKind, cpuSampleVersion)
	var c cpuCounters
	for _, n := range [...]*uint64{&c.all.user, &c.all.system, &c.all.idle, &c.all.wait, &c.all.irq, &c.all.stolen} {
		*n = r.uint()
	}
	c.cores = make([]coreTimes, r.count(2))
	for i := range c.cores {
		c.cores[i] = coreTimes{total: r.uint(), idle: r.uint()}
	}
	l := &c.limit
	l.Group, l.at, l.Usage, l.Periods, l.Throttled = r.uint(), r.milliseconds(), r.uint(), r.uint(), r.uint()
	return c, r.ok() && sameBoot(id, boot)
}
