//go:build linux && (386 || arm || mips || mipsle)

package filetime

import (
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// Modified returns when a file was last changed. The system call that package os uses on these
// systems has 32 bits for it, which end in 2038; statx(2) has 64. Kernels before 4.11 lack it.
func Modified(path string, info fs.FileInfo) time.Time {
	var of unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_MTIME, &of); err != nil || of.Mask&unix.STATX_MTIME == 0 {
		return info.ModTime()
	}
	return time.Unix(of.Mtime.Sec, int64(of.Mtime.Nsec))
}
