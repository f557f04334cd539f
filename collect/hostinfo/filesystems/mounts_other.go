//go:build !linux

package filesystems

import (
	"context"
	"fmt"
	"strings"

	"github.com/shirou/gopsutil/v3/disk"

	"virgo/collect/hostinfo/source"
)

// readMounts returns the mounts. Of several at one point the last covers the others.
func readMounts(ctx context.Context, h *source.Host) ([]mounted, error) {
	partitions, err := disk.PartitionsWithContext(h.Gopsutil(ctx), true)
	if err != nil && len(partitions) == 0 {
		return nil, fmt.Errorf("reading mounted file systems: %w", err)
	}
	var all []mounted
	at := make(map[string]int)
	for _, p := range partitions[:min(len(partitions), source.MaxEntries)] {
		m := mounted{device: p.Device, point: p.Mountpoint, kind: p.Fstype, options: strings.Join(p.Opts, ","), whole: true}
		if i, ok := at[m.point]; ok {
			all[i] = m
			continue
		}
		at[m.point] = len(all)
		all = append(all, m)
	}
	return all, nil
}

// isFile returns false: these systems mount file systems only.
func (mounted) isFile(*source.Host) bool { return false }
