//go:build !linux

package host

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	gopsutil "github.com/shirou/gopsutil/v3/disk"
)

// readMounts reads all mounts. The system may query each file system while it lists them, so the
// listing itself is abandoned where it hangs.
func readMounts(ctx context.Context, t tree, _ string) ([]mount, error) {
	type listing struct {
		partitions []gopsutil.PartitionStat
		err        error
	}
	done := make(chan listing, 1)
	go func() {
		var l listing
		l.partitions, l.err = gopsutil.PartitionsWithContext(t.context(ctx), true)
		done <- l
	}()
	timer := time.NewTimer(ProbeTimeout)
	defer timer.Stop()
	var l listing
	select {
	case l = <-done:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, fmt.Errorf("the system did not list its mounts within %v", ProbeTimeout)
	}
	// With an error for one drive, the others are listed.
	if l.err != nil && len(l.partitions) == 0 {
		return nil, fmt.Errorf("listing mounts: %w", supported(l.err))
	}
	mounts := make([]mount, 0, len(l.partitions))
	for _, p := range l.partitions {
		m := mount{
			whole: true, device: p.Device, point: p.Mountpoint, kind: p.Fstype,
			options: strings.Join(p.Opts, ","), class: classify(p.Fstype, p.Mountpoint),
		}
		for _, o := range p.Opts {
			m.readOnly = m.readOnly || o == "ro"
		}
		// Mounts are listed in the order in which they were made: a later one hides those at its
		// point and below it.
		mounts = slices.DeleteFunc(mounts, func(earlier mount) bool { return below(earlier.point, m.point) })
		mounts = append(mounts, m)
	}
	return mounts, nil
}

func classify(kind, point string) class {
	switch {
	case isRemote([]byte(kind)):
		return remote
	case point == "/":
		return local
	}
	switch kind {
	case "autofs", "devfs", "fdescfs", "procfs", "linprocfs", "linsysfs", "tmpfs", "nullfs", "mqueuefs", "lifs":
		return pseudo
	case "cd9660", "udf", "CDFS", "UDF":
		return image
	}
	return local
}
