package host

import (
	"context"
	"errors"
	"fmt"
)

// ticksPerSecond is USER_HZ, which is 100 on every Linux that Go runs on.
const ticksPerSecond = 100

// readCPU reads the processors' lines of /proc/stat (proc(5)), which come first:
//
//	cpuN user nice system idle iowait irq softirq steal guest guest_nice
//
// guest is part of user and guest_nice of nice, so neither is added again. Old kernels end sooner. The
// first line, cpu without a number, is the kernel's own sum, whose ticks are cut once and not once for
// each processor.
func readCPU(_ context.Context, t tree) (cpuCounters, error) {
	const user, nice, system, idle, iowait, irq, softirq, steal, fields = 0, 1, 2, 3, 4, 5, 6, 7, 8
	var (
		c   cpuCounters
		sum cpuTimes
		bad error
	)
	err := eachLine(t.proc+"/stat", func(line []byte) bool {
		if len(line) < 4 || string(line[:3]) != "cpu" {
			return false
		}
		name, rest := cutField(line)
		var n [fields]uint64
		got, err := cutNumbers(rest, n[:])
		if err == nil && got <= idle {
			err = errors.New("too few counters")
		}
		if err != nil {
			bad = fmt.Errorf("read %s/stat: %s: %w", t.proc, name, err)
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
		err = fmt.Errorf("read %s/stat: %w", t.proc, errNoCPU)
	}
	return c, err
}
