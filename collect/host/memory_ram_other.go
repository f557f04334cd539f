//go:build !darwin

package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/mem"
)

func readRAM(ctx context.Context) (*mem.VirtualMemoryStat, error) {
	return mem.VirtualMemoryWithContext(ctx)
}
