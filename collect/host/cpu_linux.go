package host

import (
	"context"
	"errors"
	"fmt"

	"virgo/collect/procfs"
)

// ticksPerSecond is USER_HZ, which is 100 on every Linux that Go runs on.
const ticksPerSecond = 100

// countsWait says that wait, irq and stolen time are counted.
const countsWait = true

// readCPU reads the processors' lines of /proc/stat (proc(5)), which come first:
//
//	cpuN user nice system idle iowait irq softirq steal guest guest_nice
//
// guest is part of user and guest_nice of nice, so neither is added again. Old kernels have fewer
// fields. The first line, cpu without a number, is the kernel's own sum, rounded down once and not
// for each processor.
func readCPU(_ context.Context, t tree) (cpuCounters, error) {
	const user, nice, system, idle, iowait, irq, softirq, steal, fields = 0, 1, 2, 3, 4, 5, 6, 7, 8
	var (
		c   cpuCounters
		sum cpuTimes
		bad error
	)
	err := procfs.EachLine(t.proc+"/stat", func(line []byte) bool {
		if len(line) < 4 || string(line[:3]) != "cpu" {
			return false
		}
		name, rest := procfs.Field(line)
		var n [fields]uint64
		got, err := procfs.Numbers(rest, n[:])
		if err == nil && got <= idle {
			err = errors.New("too few counters")
		}
		if err != nil {
			bad = fmt.Errorf("reading %s/stat: %s: %w", t.proc, name, err)
			return false
		}
		times := cpuTimes{
			user: n[user] + n[nice], system: n[system], idle: n[idle], wait: n[iowait],
			irq: n[irq] + n[softirq], stolen: n[steal],
		}
		if len(name) == 3 {
			sum = times
		} else {
			c.add(times)
		}
		return true
	})
	if sum != (cpuTimes{}) {
		c.all = sum
	}
	if err = errors.Join(err, bad); err == nil && len(c.cores) == 0 {
		err = fmt.Errorf("reading %s/stat: %w", t.proc, errNoCPU)
	}
	return c, err
}
