//go:build !linux && !darwin

package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/mem"
)

func readSwap(ctx context.Context, _ tree, _ *mem.VirtualMemoryStat) (swapSpace, error) {
	s, err := mem.SwapMemoryWithContext(ctx)
	if err != nil {
		return swapSpace{}, supported(err)
	}
	return swapSpace{total: s.Total, free: s.Free, in: s.Sin, out: s.Sout}, nil
}
