package host

import (
	"context"
	"errors"
	"fmt"

	"virgo/collect/procfs"
)

const (
	// disksByKernel says that reading disks starts no program.
	disksByKernel = true
	// busyIsSum says that busy may be the sum of the times of requests, which overlap.
	busyIsSum = false
)

// sectorBytes is the unit of /proc/diskstats, whatever the size of the device's sectors.
const sectorBytes = 512

// readDisks reads /proc/diskstats (kernel: Documentation/admin-guide/iostats.rst):
//
//	major minor name, and fields 1 to 11: reads, merged, sectors, ms; writes, merged, sectors, ms;
//	in progress, ms busy, ms weighted
//
// Further fields of newer kernels are not read; lines with fewer (partitions before Linux 2.6.25)
// are left out.
func readDisks(_ context.Context, t tree) ([]diskCounters, error) {
	var (
		disks []diskCounters
		bad   error
	)
	err := procfs.EachLine(t.proc+"/diskstats", func(line []byte) bool {
		major, rest := procfs.Field(line)
		minor, rest := procfs.Field(rest)
		name, rest := procfs.Field(rest)
		var n [12]uint64 // from 1, as in the kernel's documentation
		got, err := procfs.Numbers(rest, n[1:])
		if err != nil {
			bad = fmt.Errorf("%s: %w", name, err)
			return false
		}
		if got == 11 {
			disks = append(disks, diskCounters{
				name: string(name), number: deviceNumber(major, minor),
				reads: n[1], readBytes: n[3] * sectorBytes, readTime: n[4],
				writes: n[5], writeBytes: n[7] * sectorBytes, writeTime: n[8],
				busy: n[10], weighted: n[11],
			})
		}
		return true
	})
	return disks, errors.Join(err, bad)
}
