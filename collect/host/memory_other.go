//go:build !linux && !darwin

package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/mem"
)

func readMemory(ctx context.Context, t tree) (memoryState, error) {
	ctx = t.context(ctx)
	ram, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return memoryState{}, supported(err)
	}
	swap, err := mem.SwapMemoryWithContext(ctx)
	if err != nil {
		return memoryState{}, supported(err)
	}
	return memoryState{
		total: ram.Total, free: ram.Free, available: ram.Available,
		swapTotal: swap.Total, swapFree: swap.Free, swapIn: swap.Sin, swapOut: swap.Sout,
	}, nil
}
