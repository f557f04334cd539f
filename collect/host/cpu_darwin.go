package host

import (
	"context"
	"fmt"

	"virgo/collect/macos"
)

// ticksPerSecond is milliseconds: those of processes are finer than the ticks of processors.
const ticksPerSecond = 1000

// countsWait says that wait, irq and stolen time are counted.
const countsWait = false

// readCPU reads the processors' times. macOS counts neither the wait for I/O nor interrupts.
func readCPU(ctx context.Context, _ tree) (cpuCounters, error) {
	if err := ctx.Err(); err != nil {
		return cpuCounters{}, err
	}
	processors, err := macos.Processors()
	if err != nil {
		return cpuCounters{}, fmt.Errorf("reading the processors' times: %w", err)
	}
	const scale = ticksPerSecond / macos.TicksPerSecond
	var c cpuCounters
	for _, p := range processors {
		c.add(cpuTimes{user: (p.User + p.Nice) * scale, system: p.System * scale, idle: p.Idle * scale})
	}
	return c, nil
}
