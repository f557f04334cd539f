//go:build windows

package plugin

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// isUnambiguous reports whether a local path names the same file in every interpretation: it has no
// alternate data stream, and no part that Windows would shorten (trailing blanks and dots).
func isUnambiguous(path string) bool {
	for _, part := range strings.Split(path, `\`) {
		if strings.ContainsAny(part, `:*?"<>|`) || strings.TrimRight(part, ". ") != part {
			return false
		}
	}
	return true
}

// isNotDir has nothing to do: ERROR_PATH_NOT_FOUND is fs.ErrNotExist.
func isNotDir(error) bool { return false }

// checkRunnable checks that the file's kind is known.
func checkRunnable(path string, _ fs.FileInfo) error {
	if kindOfFile(path) == unknownKind {
		return failuref(`detail "file": %s is not one of .exe, .bat, .cmd, .ps1, .py`, filepath.Base(path))
	}
	return nil
}
