//go:build unix

package policy

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// namesOf returns how many names a file has.
func namesOf(_ *os.File, info fs.FileInfo) uint64 {
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(sys.Nlink)
	}
	return 2
}

func isAbsolutePath(path string) bool { return filepath.IsAbs(path) }

// hasOddName reports whether the system would open something else than a file of this name.
func hasOddName(string) bool { return false }
