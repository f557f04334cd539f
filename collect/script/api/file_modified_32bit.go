//go:build linux && (386 || arm || mips || mipsle)

package api

import (
	"time"

	"golang.org/x/sys/unix"
)

// modifiedBelow returns when an entry of a folder was last changed. st has 32 bits for it on these
// systems, which end in 2038; see package filetime.
func modifiedBelow(folder int, name string, st *unix.Stat_t) time.Time {
	var of unix.Statx_t
	err := unix.Statx(folder, name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_MTIME, &of)
	if err != nil || of.Mask&unix.STATX_MTIME == 0 {
		return time.Unix(st.Mtim.Unix())
	}
	return time.Unix(of.Mtime.Sec, int64(of.Mtime.Nsec))
}
