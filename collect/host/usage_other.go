//go:build !linux

package host

import gopsutil "github.com/shirou/gopsutil/v3/disk"

// statfs asks a file system for its usage. It returns when the file system answers, which may be never.
// What gopsutil calls free is what anybody can have.
func statfs(path string) (usage, error) {
	u, err := gopsutil.Usage(path)
	if err != nil {
		return usage{}, supported(err)
	}
	free := u.Total - min(u.Used, u.Total)
	if u.Free > free {
		u.Free = 0 // FreeBSD's is below 0 once root alone can still write
	}
	return blocksUsage(1, u.Total, free, u.Free, u.InodesTotal, u.InodesFree), nil
}
