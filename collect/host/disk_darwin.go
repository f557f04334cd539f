package host

import (
	"context"
	"slices"
	"time"

	"virgo/collect/macos"
)

const (
	// disksByKernel says that reading disks starts a program, ioreg.
	disksByKernel = false
	// busyIsSum says that busy is the sum of the times of requests, which overlap.
	busyIsSum = true
)

// readDisks reads the disks that count: not the volumes of APFS. The system does not count the time with
// a request in progress, so the sum of the requests' times is used, which is more where they overlap.
func readDisks(ctx context.Context, _ tree) ([]diskCounters, error) {
	all, err := macos.Disks(ctx)
	if err != nil {
		return nil, err
	}
	disks := make([]diskCounters, 0, len(all))
	for _, d := range all {
		c := diskCounters{
			name: d.Name, reads: d.Reads, writes: d.Writes, readBytes: d.ReadBytes, writeBytes: d.WriteBytes,
			readTime: uint64(d.ReadTime / time.Millisecond), writeTime: uint64(d.WriteTime / time.Millisecond),
		}
		c.busy = c.readTime + c.writeTime
		c.weighted = c.busy
		disks = append(disks, c)
	}
	return disks, nil
}

// findDisk returns the index of the device that a user names otherwise than the system does; -1 if
// it is none of them.
func findDisk(_ tree, devices []diskCounters, name string) int {
	name = diskName(name)
	return slices.IndexFunc(devices, func(c diskCounters) bool { return c.name == name })
}
