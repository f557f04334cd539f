package host

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/mem"

	"virgo/collect"
)

type memory struct {
	tree tree
	swap func(ctx context.Context, t tree, ram *mem.VirtualMemoryStat) (swapSpace, error)
}

// swapSpace is the state of the swap space in bytes; in and out count from boot.
type swapSpace struct{ total, free, in, out uint64 }

func memoryType(t tree) collect.Type {
	return collect.Type{
		Name:       "agent.memory",
		Summary:    "main memory and swap space",
		KeyMetrics: []string{"actual_used%total", "actual_free", "swap_used%swap_total"},
		KernelOnly: true,
		Checker:    memory{tree: t, swap: readSwap},
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
	ctx = m.tree.context(ctx)
	ram, err := readRAM(ctx)
	if err != nil {
		return collect.Report{}, fmt.Errorf("reading memory: %w", err)
	}
	if ram.Total == 0 {
		return collect.Report{}, fmt.Errorf("reading memory: no total is given")
	}
	swap, err := m.swap(ctx, m.tree, ram)
	if err != nil {
		return collect.Report{}, fmt.Errorf("reading swap space: %w", err)
	}
	free, available := min(ram.Free, ram.Total), min(ram.Available, ram.Total)
	f := collect.MetricBuilder{Metrics: make([]collect.Metric, 0, 11)}
	f.Gauge("total", ram.Total, "bytes")
	f.Gauge("used", ram.Total-free, "bytes")
	f.Gauge("free", free, "bytes")
	f.Gauge("actual_used", ram.Total-available, "bytes")
	f.Gauge("actual_free", available, "bytes")
	f.Gauge("ram", ram.Total>>20, "megabytes")
	f.Gauge("swap_total", swap.total, "bytes")
	f.Gauge("swap_used", swap.total-min(swap.free, swap.total), "bytes")
	f.Gauge("swap_free", swap.free, "bytes")
	f.Gauge("swap_page_in", swap.in, "bytes")
	f.Gauge("swap_page_out", swap.out, "bytes")
	addMemoryLimit(&f, readMemoryLimit(m.tree))
	return collect.Report{Metrics: f.Metrics}, nil
}
