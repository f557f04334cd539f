//go:build unix

package agent

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"virgo/schedule/ownership"
	"virgo/schedule/shorttext"
)

// siblingName is the file name of the program with all commands.
const siblingName = "virgo"

const executable = 0o111

// checkAccess checks that the program at path can be started, and that nobody can have written it but
// root, the user and the owner of this program, at self. Its errors have a hint.
func checkAccess(self, path string, info fs.FileInfo) error {
	also := []int{}
	if owner, ok := ownerOf(self); ok {
		also = append(also, owner)
	}
	if err := ownership.Check(path, also...); err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&executable == 0 {
		return WithHint(fmt.Errorf("%s is not executable (mode %04o)", path, mode), "chmod a+rx "+shorttext.QuoteShell(path))
	}
	return nil
}

// ownerOf returns the user id of a file's owner.
func ownerOf(path string) (uid int, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}
