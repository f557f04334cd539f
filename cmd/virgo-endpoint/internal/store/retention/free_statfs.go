//go:build linux || darwin || freebsd

package retention

import (
	"io/fs"
	"math"

	"golang.org/x/sys/unix"
)

func statfs(path string, s *unix.Statfs_t) error {
	for {
		err := unix.Statfs(path, s)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return &fs.PathError{Op: "statfs", Path: path, Err: err}
		}
		return nil
	}
}

// bytesOf multiplies and stops at the greatest number.
func bytesOf(blocks, unit uint64) int64 {
	if unit > 0 && blocks > math.MaxInt64/unit {
		return math.MaxInt64
	}
	return int64(blocks * unit)
}
