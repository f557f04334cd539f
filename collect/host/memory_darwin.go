package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/mem"

	"virgo/collect/macos"
)

// readRAM reads main memory and swap space; gopsutil would run vm_stat.
func readRAM(context.Context) (*mem.VirtualMemoryStat, error) {
	m, err := macos.ReadMemory()
	return &mem.VirtualMemoryStat{
		Total: m.Total, Free: m.Free, Available: m.Available, SwapTotal: m.SwapTotal, SwapFree: m.SwapFree,
	}, err
}

// readSwap takes the sizes from ram.
func readSwap(_ context.Context, _ tree, ram *mem.VirtualMemoryStat) (swapSpace, error) {
	m, err := macos.ReadMemory()
	return swapSpace{total: ram.SwapTotal, free: ram.SwapFree, in: m.SwapIn, out: m.SwapOut}, err
}
