package host

import (
	"context"
	"fmt"

	"virgo/collect"
)

type memory struct {
	tree tree
	read func(ctx context.Context, t tree) (memoryState, error)
}

// memoryState is main memory and swap space in bytes. available is what applications can still allocate; swapIn and
// swapOut count from boot.
type memoryState struct {
	total, free, available               uint64
	swapTotal, swapFree, swapIn, swapOut uint64
}

func memoryType(t tree) collect.Type {
	return collect.Type{
		Name:       "agent.memory",
		Summary:    "main memory and swap space",
		KeyMetrics: []string{"actual_used%total", "actual_free", "swap_used%swap_total"},
		KernelOnly: true,
		Checker:    memory{tree: t, read: readMemory},
	}
}

// Check reports memory in bytes. free is unused memory, used the rest of total. actual_free is how
// much applications could still allocate (on Linux MemAvailable, which includes caches),
// actual_used the rest. If a control group limits the agent's processes, its limits are reported as
// well (addMemoryLimit).
func (m memory) Check(ctx context.Context, _ collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	s, err := m.read(ctx, m.tree)
	if err != nil {
		return collect.Report{}, fmt.Errorf("reading memory: %w", err)
	}
	if s.total == 0 {
		return collect.Report{}, fmt.Errorf("reading memory: no total is given")
	}
	free, available := min(s.free, s.total), min(s.available, s.total)
	f := collect.MetricBuilder{Metrics: make([]collect.Metric, 0, 11)}
	f.Gauge("total", s.total, "bytes")
	f.Gauge("used", s.total-free, "bytes")
	f.Gauge("free", free, "bytes")
	f.Gauge("actual_used", s.total-available, "bytes")
	f.Gauge("actual_free", available, "bytes")
	f.Gauge("ram", s.total>>20, "megabytes")
	f.Gauge("swap_total", s.swapTotal, "bytes")
	f.Gauge("swap_used", s.swapTotal-min(s.swapFree, s.swapTotal), "bytes")
	f.Gauge("swap_free", s.swapFree, "bytes")
	f.Gauge("swap_page_in", s.swapIn, "bytes")
	f.Gauge("swap_page_out", s.swapOut, "bytes")
	addMemoryLimit(&f, readMemoryLimit(m.tree))
	return collect.Report{Metrics: f.Metrics}, nil
}
