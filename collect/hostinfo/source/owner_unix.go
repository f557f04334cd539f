//go:build unix

package source

import (
	"io/fs"
	"syscall"
)

// FileOwner returns the owner and the group of a file.
func FileOwner(info fs.FileInfo) (uid, gid uint32, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return s.Uid, s.Gid, true
}
