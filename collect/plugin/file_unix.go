//go:build unix

package plugin

import (
	"errors"
	"io/fs"
	"syscall"

	"virgo/schedule/shorttext"
)

// isUnambiguous reports whether a local path names the same file in every interpretation.
func isUnambiguous(string) bool { return true }

func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

// checkRunnable checks that somebody may execute the file. Whether this user may, only
// execve(2) can tell.
func checkRunnable(path string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o111 == 0 {
		return failuref(`detail "file": %s is not executable; to fix it: chmod +x %s`, path, shorttext.QuoteShell(path))
	}
	return nil
}
