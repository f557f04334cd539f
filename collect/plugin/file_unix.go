//go:build unix

package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// writableByOthers are the write bits of group and others.
const writableByOthers = 0o022

// isUnambiguous reports whether a local path names the same file in every interpretation.
func isUnambiguous(string) bool { return true }

func isNotDir(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

// checkFileOwner returns an error where others than root and the agent's user can change the file
// or folder.
func checkFileOwner(path string, info fs.FileInfo) error {
	owner := 0
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = int(st.Uid)
	}
	return ownerFault(path, info.Mode(), owner, os.Geteuid())
}

// ownerFault describes who else can change the file, and the command that prevents it.
func ownerFault(path string, mode fs.FileMode, owner, euid int) error {
	if owner != 0 && owner != euid {
		who := "root"
		if euid != 0 {
			who = fmt.Sprint(euid)
		}
		return failuref(`detail "file": %s belongs to user %d, who could change it; to trust it: chown %s %s`,
			path, owner, who, shellQuote(path))
	}
	if mode.Perm()&writableByOthers != 0 {
		return failuref(`detail "file": %s is writable by others (mode %04o); to fix it: chmod go-w %s`,
			path, mode.Perm(), shellQuote(path))
	}
	return nil
}

// checkRunnable checks that somebody may execute the file. Whether this user may, only
// execve(2) can tell.
func checkRunnable(path string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o111 == 0 {
		return failuref(`detail "file": %s is not executable; to fix it: chmod +x %s`, path, shellQuote(path))
	}
	return nil
}

// shellQuote quotes a path for a POSIX shell, where it must be quoted.
func shellQuote(path string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			strings.ContainsRune("/._-+,:@%=", r)
	}
	if !strings.ContainsFunc(path, func(r rune) bool { return !safe(r) }) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
