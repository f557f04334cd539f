package live

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The checks and metrics that a row's figures are from.
const (
	cpuType, cpuUsage, cpuCount         = "agent.cpu", "usage_average", "cpu_count"
	memoryType                          = "agent.memory"
	filesystemType, used, avail         = "agent.filesystem", "used", "avail"
	networkType, received, sent         = "agent.network", "rx_bytes", "tx_bytes"
	loadType, shortLoad                 = "agent.load_average", "1m"
	selfType, spoolResults, spoolOldest = "agent.virgo", "spool_results", "spool_oldest_age"
	temperature, celsius                = "temperature", "C"
	loopback                            = "lo"
)

// figures are the row's. The lock is held.
func (h *host) figures() [Figures]Figure {
	list := [Figures]Figure{}
	for i := range list {
		list[i] = unknown()
	}
	traffic, cpus := -1.0, h.cpus()
	for i := range h.checks {
		c := &h.checks[i]
		switch c.typ.Value() {
		case cpuType:
			if v, ok := c.get("", cpuUsage); ok {
				list[CPU] = percent(v)
			}
		case memoryType:
			if f, ok := c.memory(); ok {
				list[Memory] = f
			}
		case filesystemType:
			if f, ok := c.fullest(); ok && (!list[Disk].Known || f.Value > list[Disk].Value) {
				list[Disk] = f
			}
		case networkType:
			if c.rate >= 0 {
				traffic = max(traffic, 0) + c.rate
			}
		case loadType:
			if v, ok := c.get("", shortLoad); ok {
				list[Load] = load(v, cpus)
			}
		case selfType:
			if n, ok := c.waiting(); ok {
				list[Waiting] = Figure{Known: true, Value: float64(n), Share: -1, Text: fmt.Sprint(n), Unit: "results"}
				if oldest := h.oldestWaiting(); n > 0 && oldest > 0 {
					list[Waiting].Note = "the oldest for " + Span(oldest)
				}
			}
		}
		if f, ok := c.hottest(); ok && (!list[Temperature].Known || f.Value > list[Temperature].Value) {
			list[Temperature] = f
		}
	}
	if traffic >= 0 {
		list[Network] = Figure{Known: true, Value: traffic, Share: -1, Text: Bytes(traffic) + "/s", Unit: "bytes/s", Note: "received and sent"}
	}
	return list
}

// get returns the latest value of a metric.
func (c *check) get(dimension, metric string) (float64, bool) {
	for i := range c.values {
		if n := c.values[i].name.Value(); n.metric == metric && n.dimension == dimension {
			return c.values[i].number, true
		}
	}
	return 0, false
}

// beside returns the value of another metric of the dimension that the value at i has: they follow each other.
func (c *check) beside(i int, metric string) (float64, bool) {
	dimension := c.values[i].name.Value().dimension
	for i > 0 && c.values[i-1].name.Value().dimension == dimension {
		i--
	}
	for ; i < len(c.values); i++ {
		n := c.values[i].name.Value()
		if n.dimension != dimension {
			break
		}
		if n.metric == metric {
			return c.values[i].number, true
		}
	}
	return 0, false
}

// before returns the value of the same series in an earlier result, which has it at the same place as a rule.
func (c *check) before(earlier *check, i int) (float64, bool) {
	if i < len(earlier.values) && earlier.values[i].name == c.values[i].name {
		return earlier.values[i].number, true
	}
	for k := range earlier.values {
		if earlier.values[k].name == c.values[i].name {
			return earlier.values[k].number, true
		}
	}
	return 0, false
}

// cpus is the number of the host's processors; 0 if it is unknown.
func (h *host) cpus() int {
	for i := range h.checks {
		if c := &h.checks[i]; c.typ.Value() == cpuType {
			if n, ok := c.get("", cpuCount); ok && n >= 1 && n < math.MaxInt32 {
				return int(n)
			}
		}
	}
	return 0
}

// waiting is the number of results that wait on the host, if the check tells that.
func (c *check) waiting() (int64, bool) {
	if c.typ.Value() != selfType {
		return 0, false
	}
	n, ok := c.get("", spoolResults)
	return int64(n), ok && n >= 0 && n < 1<<53
}

// oldestWaiting is how old the oldest waiting result was when the host said so last; 0 if nothing waited.
func (h *host) oldestWaiting() time.Duration {
	for i := range h.checks {
		if c := &h.checks[i]; c.typ.Value() == selfType {
			if age, ok := c.get("", spoolOldest); ok && age > 0 && age < math.MaxInt32 {
				return time.Duration(age * float64(time.Second))
			}
		}
	}
	return 0
}

// percent is a figure of 0 to 100 percent.
func percent(v float64) Figure {
	text := fmt.Sprintf("%.0f %%", v)
	if v > 0 && v < 9.95 {
		text = fmt.Sprintf("%.1f %%", v)
	}
	return Figure{Known: true, Value: v, Share: share(v / 100), Text: text, Unit: "percent"}
}

func share(v float64) float32 { return float32(min(max(v, 0), 1)) }

// memory is the part of memory that applications cannot get any more: of the control group where that has less.
func (c *check) memory() (Figure, bool) {
	total, ok1 := c.get("", "total")
	free, ok2 := c.get("", "actual_free")
	if limit, ok := c.get("", "cgroup_memory_limit"); ok && limit > 0 && (!ok1 || limit < total) {
		if left, ok := c.get("", "cgroup_memory_available"); ok {
			total, free, ok1, ok2 = limit, left, true, true
		}
	}
	if !ok1 || !ok2 || total <= 0 {
		return Figure{}, false
	}
	f := percent((total - free) / total * 100)
	f.Note = Bytes(total-free) + " of " + Bytes(total)
	return f, true
}

// fullest is the fullest of the file systems.
func (c *check) fullest() (best Figure, found bool) {
	for i := range c.values {
		n := c.values[i].name.Value()
		if n.metric != used {
			continue
		}
		taken := c.values[i].number
		left, ok := c.beside(i, avail)
		if !ok || taken+left <= 0 {
			continue
		}
		if f := percent(taken / (taken + left) * 100); !found || f.Value > best.Value {
			name := n.dimension
			if name == "" {
				name = c.id.Value()
			}
			const kilobyte = 1024
			f.Note = name + ": " + Bytes(left*kilobyte) + " left"
			best, found = f, true
		}
	}
	return best, found
}

// load is a load average; its bar is full where each processor has one process.
func load(v float64, cpus int) Figure {
	f := Figure{Known: true, Value: v, Share: -1, Text: fmt.Sprintf("%.2f", v)}
	if cpus > 0 {
		f.Share = share(v / float64(cpus))
		f.Note = fmt.Sprintf("of %d processors", cpus)
		if cpus == 1 {
			f.Note = "of 1 processor"
		}
	}
	return f
}

// hottest is the highest temperature that the check reports.
func (c *check) hottest() (best Figure, found bool) {
	for i := range c.values {
		n, v := c.values[i].name.Value(), c.values[i].number
		if n.unit != celsius || !strings.Contains(n.metric, temperature) || found && v <= best.Value {
			continue
		}
		name := n.dimension
		if name == "" {
			name = n.metric
		}
		best, found = Figure{Known: true, Value: v, Share: -1, Text: fmt.Sprintf("%.0f °C", v), Unit: celsius, Note: name}, true
	}
	return best, found
}

// networkRate is what the interfaces receive and send together, in bytes per second: of those whose counters are known twice and
// did not begin anew. Below 0: unknown.
func networkRate(c, before *check) float64 {
	seconds := float64(c.place-before.place) / 1000
	if c.typ.Value() != networkType || seconds <= 0 || len(before.values) == 0 {
		return -1
	}
	sum := -1.0
	for i := range c.values {
		n := c.values[i].name.Value()
		if n.metric != received && n.metric != sent || n.dimension == loopback {
			continue
		}
		if v, ok := c.before(before, i); ok && v <= c.values[i].number {
			sum = max(sum, 0) + c.values[i].number - v
		}
	}
	if sum < 0 {
		return -1
	}
	return sum / seconds
}

// Bytes is a number of bytes for people: "3.1 GiB".
func Bytes(v float64) string {
	units := [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i := 0
	for v >= 1000 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	if i == 0 || v >= 99.5 {
		return fmt.Sprintf("%.0f %s", v, units[i])
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
