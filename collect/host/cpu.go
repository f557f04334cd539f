package host

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"virgo/collect"
)

// cpuTimes is what a processor, or all of them, did with its time, in ticks of ticksPerSecond.
type cpuTimes struct {
	user   uint64 // normal and niced processes; of a hypervisor its guests too
	system uint64
	idle   uint64
	wait   uint64 // idle, with input or output under way
	irq    uint64 // interrupts, hard and soft
	stolen uint64 // a hypervisor ran something else
}

func (t cpuTimes) total() uint64 { return t.user + t.system + t.idle + t.wait + t.irq + t.stolen }

// coreTimes is what min and max need of each processor.
type coreTimes struct{ total, idle uint64 }

// cpuCounters are counted from the boot on.
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

// minCPUSpan is the least that has to lie between two samples: with less, a tick is too large a part
// of it.
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
		Name:    "agent.cpu",
		Summary: "what the processors did since the last run, in percent",
		Telling: []string{"usage_average", "wait_percent_average", "max_cpu_usage"},
		Checker: cpu{tree: t, read: readCPU, uptime: uptime},
	}
}

// Check reports averages over the time since the previous sample: of all processors together, and the
// usage of the busiest and the least busy one. usage is what is not idle, so waiting for input and
// output counts. Where a control group limits the agent's processes (a container, a unit with a quota), it tells
// cgroup_cpu_limit in processors, cgroup_cpu_usage in percent of the limit and cgroup_cpu_throttled, the percentage
// of the group's periods that ended with processes stopped.
func (c cpu) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	boot := bootMark(c.tree, req.Now())
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
	var f collect.Figures
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

// follows reports whether c can be compared with the earlier sample: the same number of processors,
// nothing that went back, enough time between them. Waiting may go back: the kernel says that it is not
// to be relied on (proc(5)).
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

// grown is by how much a counter grew; one that went back counts as still.
func grown(before, now uint64) uint64 { return now - min(before, now) }

func (c cpuCounters) since(before cpuCounters) ([]collect.Metric, error) {
	d := cpuTimes{
		user:   grown(before.all.user, c.all.user),
		system: grown(before.all.system, c.all.system),
		idle:   grown(before.all.idle, c.all.idle),
		wait:   grown(before.all.wait, c.all.wait),
		irq:    grown(before.all.irq, c.all.irq),
		stolen: grown(before.all.stolen, c.all.stolen),
	}
	total := d.total()
	if total == 0 {
		return nil, errors.New("the processors' counters stand still")
	}
	percent := func(part uint64) float64 { return 100 * float64(part) / float64(total) }
	usage := percent(total - d.idle)
	lowest, highest := usage, usage
	if len(c.cores) == len(before.cores) {
		lowest, highest = c.extremes(before, usage)
	}
	f := collect.Figures{Metrics: make([]collect.Metric, 0, 10)}
	f.Uint64("cpu_count", uint64(len(c.cores)), "count")
	f.Double("user_percent_average", percent(d.user), "percent")
	f.Double("sys_percent_average", percent(d.system), "percent")
	f.Double("idle_percent_average", percent(d.idle), "percent")
	f.Double("wait_percent_average", percent(d.wait), "percent")
	f.Double("irq_percent_average", percent(d.irq), "percent")
	f.Double("stolen_percent_average", percent(d.stolen), "percent")
	f.Double("usage_average", usage, "percent")
	f.Double("max_cpu_usage", highest, "percent")
	f.Double("min_cpu_usage", lowest, "percent")
	return f.Metrics, nil
}

// extremes returns the usage of the least and the most busy processor. One whose counters stood still
// (it is off) is neither.
func (c cpuCounters) extremes(before cpuCounters, average float64) (lowest, highest float64) {
	any := false
	for i, core := range c.cores {
		total := grown(before.cores[i].total, core.total)
		if total == 0 {
			continue
		}
		idle := min(total, grown(before.cores[i].idle, core.idle))
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

// sample is the sum of all processors, how many there are, total and idle of each, and of the limited control
// group its number (0: none), the time in ms, usage, periods and throttled.
func (c cpuCounters) sample(boot uint64) []byte {
	b := newSample(cpuSampleKind, cpuSampleVersion, boot)
	for _, n := range [...]uint64{c.all.user, c.all.system, c.all.idle, c.all.wait, c.all.irq, c.all.stolen, uint64(len(c.cores))} {
		b = binary.AppendUvarint(b, n)
	}
	for _, core := range c.cores {
		b = binary.AppendUvarint(b, core.total)
		b = binary.AppendUvarint(b, core.idle)
	}
	l := c.limit
	for _, n := range [...]uint64{l.group, uint64(l.at.Milliseconds()), l.usage, l.periods, l.throttled} {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

func parseCPUSample(b []byte, boot uint64) (cpuCounters, bool) {
	r, mark := openSample(b, cpuSampleKind, cpuSampleVersion)
	c := cpuCounters{all: cpuTimes{user: r.uint(), system: r.uint(), idle: r.uint(), wait: r.uint(), irq: r.uint(), stolen: r.uint()}}
	c.cores = make([]coreTimes, r.count(2))
	for i := range c.cores {
		c.cores[i] = coreTimes{total: r.uint(), idle: r.uint()}
	}
	l := &c.limit
	l.group, l.at, l.usage, l.periods, l.throttled = r.uint(), r.milliseconds(), r.uint(), r.uint(), r.uint()
	return c, r.ok() && sameBoot(mark, boot)
}
