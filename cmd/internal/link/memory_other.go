//go:build !linux && !darwin

package link

import (
	"context"

	"github.com/shirou/gopsutil/v3/mem"
)

// totalMemory returns the size of main memory in bytes.
func totalMemory(ctx context.Context) (uint64, error) {
	m, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return 0, err
	}
	return m.Total, nil
}
