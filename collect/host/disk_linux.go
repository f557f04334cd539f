package host

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// sectorBytes is what /proc/diskstats counts in, whatever the device's own sectors are.
const sectorBytes = 512

// readDisks reads /proc/diskstats (kernel: Documentation/admin-guide/iostats.rst):
//
//	major minor name, and fields 1 to 11: reads, merged, sectors, ms; writes, merged, sectors, ms;
//	under way, ms busy, ms weighted
//
// Newer kernels say more, which is not read; lines that say less (partitions before Linux 2.6.25) are
// left out.
func readDisks(_ context.Context, t tree) ([]diskCounters, error) {
	var (
		disks []diskCounters
		bad   error
	)
	err := eachLine(t.proc+"/diskstats", func(line []byte) bool {
		_, rest := cutField(line)
		_, rest = cutField(rest)
		name, rest := cutField(rest)
		var n [12]uint64 // from 1, as in the kernel's text
		got, err := cutNumbers(rest, n[1:])
		if err != nil {
			bad = fmt.Errorf("%s: %w", name, err)
			return false
		}
		if got == 11 {
			disks = append(disks, diskCounters{
				name:  string(name),
				reads: n[1], readBytes: n[3] * sectorBytes, readTime: n[4],
				writes: n[5], writeBytes: n[7] * sectorBytes, writeTime: n[8],
				busy: n[10], weighted: n[11],
			})
		}
		return true
	})
	return disks, errors.Join(err, bad)
}

// diskName returns the kernel's name of a device that was given by its path (/dev/sda1), also by one of
// its other names (/dev/mapper/vg-root, /dev/disk/by-label/data).
func diskName(path string) string {
	if !strings.HasPrefix(path, "/dev/") {
		return path
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return filepath.Base(path)
}
