//go:build !linux && !darwin

package host

import (
	"context"
	"slices"
	"strings"

	gopsutil "github.com/shirou/gopsutil/v3/disk"
)

const (
	// disksByKernel says that reading disks starts no program.
	disksByKernel = true
	// busyIsSum says that busy may be the sum of the times of requests, which overlap.
	busyIsSum = true
)

func readDisks(ctx context.Context, t tree) ([]diskCounters, error) {
	counters, err := gopsutil.IOCountersWithContext(t.context(ctx))
	if err != nil {
		return nil, supported(err)
	}
	disks := make([]diskCounters, 0, len(counters))
	for name, c := range counters {
		// Where the system does not count the time with a request in progress, the sum of the
		// requests' times is used, which differs by those that overlap.
		if c.IoTime == 0 {
			c.IoTime = c.ReadTime + c.WriteTime
		}
		if c.WeightedIO == 0 {
			c.WeightedIO = c.ReadTime + c.WriteTime
		}
		disks = append(disks, diskCounters{
			name:  name,
			reads: c.ReadCount, readBytes: c.ReadBytes, readTime: c.ReadTime,
			writes: c.WriteCount, writeBytes: c.WriteBytes, writeTime: c.WriteTime,
			busy: c.IoTime, weighted: c.WeightedIO,
		})
	}
	slices.SortFunc(disks, func(a, b diskCounters) int { return strings.Compare(a.name, b.name) })
	return disks, nil
}

// findDisk returns the index of the device that a user names otherwise than the system does; -1 if
// it is none of them.
func findDisk(_ tree, devices []diskCounters, name string) int {
	name = diskName(name)
	return slices.IndexFunc(devices, func(c diskCounters) bool { return c.name == name })
}
