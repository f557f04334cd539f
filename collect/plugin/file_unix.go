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

// othersMayWrite are the permission bits of group and others.
const othersMayWrite = 0o022

// plainName reports whether a local path is one and the same file however it is read.
func plainName(string) bool { return true }

func isNotFolder(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

// guardedBy checks one file or folder.
func guardedBy(path string, info fs.FileInfo) error {
	owner := 0
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = int(st.Uid)
	}
	return guardFault(path, info.Mode(), owner, os.Geteuid())
}

// guardFault says who else may change the file, and the command that ends that; nil where nobody may.
func guardFault(path string, mode fs.FileMode, owner, euid int) error {
	if owner != 0 && owner != euid {
		who := "root"
		if euid != 0 {
			who = fmt.Sprint(euid)
		}
		return failed(`detail "file": %s belongs to user %d, who could change it; to trust it: chown %s %s`, path, owner, who, shellQuoted(path))
	}
	if mode.Perm()&othersMayWrite != 0 {
		return failed(`detail "file": %s can be written by others (mode %04o); to mend it: chmod go-w %s`, path, mode.Perm(), shellQuoted(path))
	}
	return nil
}

// runnable checks that the file may be run at all. Whether this user may is the system's to say.
func runnable(path string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o111 == 0 {
		return failed(`detail "file": %s is not executable; to mend it: chmod +x %s`, path, shellQuoted(path))
	}
	return nil
}

// shellQuoted is a path as a shell takes it.
func shellQuoted(path string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,:@%=", r)
	}
	if strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
