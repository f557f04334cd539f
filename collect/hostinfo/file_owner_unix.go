//go:build unix

package hostinfo

import (
	"io/fs"
	"syscall"
)

func fileOwner(info fs.FileInfo) (uid, gid uint32, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return s.Uid, s.Gid, true
}
