//go:build unix

package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// checkFolder returns an error if somebody else than this process's user and root made the folder or file, or can
// replace what is in it. A folder that does not exist passes. Error: *OwnerError.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		if err := checkOwned(dir); err != nil {
			return err
		}
		if mode := info.Mode().Perm(); mode&0o022 != 0 {
			return &OwnerError{Path: dir, Reason: fmt.Sprintf("has mode %04o: others can replace what is in it", mode),
				Fix: "chmod 700 " + dir}
		}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := checkAbove(abs); err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil || real == abs {
		return nil // it does not exist, or there is no link on the way
	}
	return checkAbove(real)
}

// checkAbove checks the folders above path, up to the root. Everybody may write to one of them only if it
// has the sticky bit, as /tmp: there nobody can replace what is not theirs.
func checkAbove(path string) error {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		default:
			if err := owned(dir, info); err != nil {
				return err
			}
			if mode := info.Mode(); mode.Perm()&0o002 != 0 && mode&fs.ModeSticky == 0 {
				return &OwnerError{Path: dir, Reason: fmt.Sprintf("has mode %04o: others can replace what is in it", mode.Perm()),
					Fix: "chmod o-w " + dir}
			}
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// checkOwned returns an error if path, or what it is a link to, belongs to somebody else than this process's
// user and root. A path that does not exist passes. Error: *OwnerError.
func checkOwned(path string) error {
	for _, stat := range []func(string) (fs.FileInfo, error){os.Lstat, os.Stat} {
		info, err := stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		}
		if err := owned(path, info); err != nil {
			return err
		}
	}
	return nil
}

func owned(path string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if self := os.Geteuid(); !ok || int(stat.Uid) == self || stat.Uid == 0 {
		return nil
	}
	name := strconv.FormatUint(uint64(stat.Uid), 10)
	fix := "use a folder of your own"
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
		fix = "runuser -u " + name + " -- virgo-endpoint …, if that is the endpoint's user; else use another folder"
	}
	return &OwnerError{Path: path, Reason: "belongs to user " + name + ", who can change it", Fix: fix}
}

// protect makes a folder accessible to its owner only.
func protect(dir string) error { return os.Chmod(dir, folderMode) }
