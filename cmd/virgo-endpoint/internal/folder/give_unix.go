//go:build unix

package folder

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// giveToOwner gives a new file to the owner of its folder: root runs commands for a service that has another user.
func giveToOwner(f *os.File, dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 || stat.Uid == 0 {
		return nil
	}
	return f.Chown(int(stat.Uid), int(stat.Gid))
}

// Give makes a user the owner of the folder and of the files in it that root made: that of the service that is to
// serve it. It has to be called by root. Files of a third user, and files that have a second name, are
// refused: they may be others'. Error: *OwnerError.
func Give(dir Dir, uid, gid int) error {
	abs, err := filepath.Abs(string(dir))
	if err != nil {
		return err
	}
	if err := checkAbove(abs); err != nil {
		return err
	}
	root, err := os.OpenRoot(abs)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() && !entry.IsDir() {
			return nil // a link to schedules elsewhere stays whose it is
		}
		if err := give(root, name, uid, gid); err != nil {
			return fmt.Errorf("giving %q to the service's user: %w", filepath.Join(abs, name), err)
		}
		return nil
	})
}

// give changes the owner of one file through its descriptor: its name may mean another one a moment later.
func give(root *os.Root, name string, uid, gid int) error {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || int(stat.Uid) == uid:
		return nil
	case int(stat.Uid) != os.Geteuid():
		return &OwnerError{Path: name, Reason: fmt.Sprintf("belongs to user %d", stat.Uid), Fix: "remove it, or give it to root"}
	case info.Mode().IsRegular() && stat.Nlink > 1:
		return &OwnerError{Path: name, Reason: "has a second name elsewhere", Fix: "copy it, and remove the original"}
	}
	return f.Chown(uid, gid)
}
