//go:build !linux && !darwin

package host

import (
	"context"
	"fmt"

	gopsutil "github.com/shirou/gopsutil/v3/cpu"
)

// ticksPerSecond converts gopsutil's seconds to milliseconds.
const ticksPerSecond = 1000

// countsWait says that wait, irq and stolen time are counted.
const countsWait = true

func readCPU(ctx context.Context, t tree) (cpuCounters, error) {
	times, err := gopsutil.TimesWithContext(t.context(ctx), true)
	if err == nil && len(times) == 0 {
		err = errNoCPU
	}
	if err != nil {
		return cpuCounters{}, fmt.Errorf("reading the processors' times: %w", supported(err))
	}
	var c cpuCounters
	ticks := func(seconds float64) uint64 { return uint64(max(0, seconds*ticksPerSecond)) }
	for _, t := range times {
		c.add(cpuTimes{
			user: ticks(t.User + t.Nice), system: ticks(t.System), idle: ticks(t.Idle), wait: ticks(t.Iowait),
			irq: ticks(t.Irq + t.Softirq), stolen: ticks(t.Steal),
		})
	}
	return c, nil
}
