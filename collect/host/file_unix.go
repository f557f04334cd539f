//go:build unix

package host

import (
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// openWithoutWaiting keeps the opening of a FIFO without a writer, or of a terminal, from blocking.
const openWithoutWaiting = unix.O_NONBLOCK | unix.O_NOCTTY

// openFolder opens a folder; anything else is an error.
func openFolder(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|openWithoutWaiting|unix.O_DIRECTORY, 0)
}

// fileOwner is the name of a file's owner, or the number where it has none.
func fileOwner(_ string, info fs.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	uid := strconv.FormatUint(uint64(stat.Uid), 10)
	if u, err := user.LookupId(uid); err == nil {
		return u.Username
	}
	return uid
}

func isBadName(error) bool { return false }
