package host

import (
	"context"

	"virgo/collect/macos"
)

// readMemory reads main memory and swap space; gopsutil would run vm_stat.
func readMemory(context.Context, tree) (memoryState, error) {
	m, err := macos.ReadMemory()
	return memoryState{
		total: m.Total, free: m.Free, available: m.Available,
		swapTotal: m.SwapTotal, swapFree: m.SwapFree, swapIn: m.SwapIn, swapOut: m.SwapOut,
	}, err
}
