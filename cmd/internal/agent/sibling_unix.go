//go:build unix

package agent

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"virgo/schedule/shorttext"
)

// siblingName is the file name of the program with all commands.
const siblingName = "virgo"

const (
	writableByOthers = 0o022 // by the group or by others
	executable       = 0o111
)

// checkAccess checks that the program at path can be started, and that nobody can write it but root,
// the user and the owner of this program, at self. Its errors have a hint.
func checkAccess(self, path string, info fs.FileInfo) error {
	owner, mode := ownerOf(info), info.Mode().Perm()
	quoted := shorttext.QuoteShell(path)
	switch {
	case owner != 0 && owner != os.Geteuid() && !owns(owner, self):
		return WithHint(fmt.Errorf("%s belongs to user %d, who could change it", path, owner), "to trust it: chown root "+quoted)
	case mode&writableByOthers != 0:
		return WithHint(fmt.Errorf("%s is writable by others (mode %04o)", path, mode), "chmod go-w "+quoted)
	case mode&executable == 0:
		return WithHint(fmt.Errorf("%s is not executable (mode %04o)", path, mode), "chmod a+rx "+quoted)
	}
	return nil
}

// ownerOf returns the user id of a file's owner; -1 if it is not known.
func ownerOf(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

func owns(user int, path string) bool {
	info, err := os.Stat(path)
	return err == nil && ownerOf(info) == user
}
