//go:build !linux

package host

import gopsutil "github.com/shirou/gopsutil/v3/disk"

// statfs returns the usage of a file system, when the file system answers, which may be never.
// gopsutil's Free is what every user can use.
func statfs(path string) (usage, error) {
	u, err := gopsutil.Usage(path)
	if err != nil {
		return usage{}, supported(err)
	}
	free := u.Total - min(u.Used, u.Total)
	if u.Free > free {
		u.Free = 0 // FreeBSD's is negative once only root can write
	}
	return blocksUsage(1, u.Total, free, u.Free, u.InodesTotal, u.InodesFree), nil
}
