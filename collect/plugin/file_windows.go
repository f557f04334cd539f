//go:build windows

package plugin

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// plainName reports whether a local path is one and the same file however it is read: no alternate data
// stream, and no part that Windows would shorten (trailing blanks and dots).
func plainName(path string) bool {
	for _, part := range strings.Split(path, `\`) {
		if strings.ContainsAny(part, `:*?"<>|`) || strings.TrimRight(part, ". ") != part {
			return false
		}
	}
	return true
}

// isNotFolder: Windows says ERROR_PATH_NOT_FOUND, which is fs.ErrNotExist already.
func isNotFolder(error) bool { return false }

// guardedBy finds no fault: access lists are not looked at.
func guardedBy(string, fs.FileInfo) error { return nil }

// runnable checks that it is known how to run the file.
func runnable(path string, _ fs.FileInfo) error {
	if kindOf(path) == unknownKind {
		return failed(`detail "file": %s is none of .exe, .bat, .cmd, .ps1, .py`, filepath.Base(path))
	}
	return nil
}
