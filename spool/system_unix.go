//go:build unix

package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

var (
	errnosFull     = []unix.Errno{unix.ENOSPC, unix.EDQUOT, unix.EFBIG}
	errnosReadOnly = []unix.Errno{unix.EROFS, unix.EACCES, unix.EPERM}
)

// replaceable says whether a file may be renamed over one that is open.
const replaceable = true

func moveCommand(from, to string) string { return "mv " + quote(from) + " " + quote(to) }

// openFile opens a file for this process alone: no child inherits it, and a symbolic link in its place
// is refused, because who can put one there could make the process write elsewhere (open(2)). It goes
// past os.OpenFile, which would try to put the file under the network poller, at five system calls.
func openFile(path string, flags int) (*os.File, error) {
	var fd int
	err := ignoringEINTR(func() (err error) {
		fd, err = unix.Open(path, flags|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
		return err
	})
	if err == unix.ELOOP || err == unix.EMLINK {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("a symbolic link stands in its place")}
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// makeDir makes the folder and syncs its parent, so that a power cut does not take the folder away
// again from under what was stored in it.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncDir(parent(dir))
}

// syncDir makes the entries of a folder durable. A file system that cannot do that (EINVAL) has
// nothing to sync.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil // a parent that may be passed through but not read
		}
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

// checkDir returns fs.ErrNotExist where there is no folder, and a [ModeError] or [OwnerError] where it
// is not its user's own. A symbolic link (to a larger disk, say) is followed when the user or root
// made it.
func checkDir(dir string) error {
	var st unix.Stat_t
	if err := ignoringEINTR(func() error { return unix.Lstat(dir, &st) }); err != nil {
		return &fs.PathError{Op: "stat", Path: dir, Err: err}
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		if st.Uid != 0 && int(st.Uid) != os.Geteuid() {
			return ownerError(dir, int(st.Uid), "chown -h")
		}
		if err := ignoringEINTR(func() error { return unix.Stat(dir, &st) }); err != nil {
			return &fs.PathError{Op: "stat", Path: dir, Err: err}
		}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return &fs.PathError{Op: "open", Path: dir, Err: unix.ENOTDIR}
	}
	if int(st.Uid) != os.Geteuid() {
		return ownerError(dir, int(st.Uid), "chown -R")
	}
	if st.Mode&0o077 != 0 {
		return &ModeError{Path: dir, Mode: fs.FileMode(st.Mode & 0o777), Fix: "chmod 700 " + quote(dir)}
	}
	return nil
}

// checkFile holds an open file to the same rule and returns its size. still is false when path names
// another file by now: it was moved away while we waited for its lock.
func checkFile(f *os.File, path string) (size int64, still bool, err error) {
	var st, now unix.Stat_t
	if err := ignoringEINTR(func() error { return unix.Fstat(int(f.Fd()), &st) }); err != nil {
		return 0, false, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return 0, false, fmt.Errorf("%s is not a regular file", path)
	}
	if int(st.Uid) != os.Geteuid() {
		return 0, false, ownerError(path, int(st.Uid), "chown")
	}
	if st.Mode&0o077 != 0 {
		return 0, false, &ModeError{Path: path, Mode: fs.FileMode(st.Mode & 0o777), Fix: "chmod 600 " + quote(path)}
	}
	err = ignoringEINTR(func() error { return unix.Lstat(path, &now) })
	if err != nil && err != unix.ENOENT { // who cannot see must not wait for what another process may have done
		return 0, false, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return st.Size, err == nil && now.Dev == st.Dev && now.Ino == st.Ino, nil
}

func ownerError(path string, owner int, chown string) error {
	user := os.Geteuid()
	return &OwnerError{Path: path, Owner: owner, User: user, Fix: fmt.Sprintf("%s %d %s", chown, user, quote(path))}
}

// tryLock takes a lock that belongs to the open file (flock(2)): two openings exclude each other, in one
// process too, and the system releases it when the last copy of the descriptor is closed. Go opens
// files close-on-exec, so a child process never has a copy.
func tryLock(f *os.File, exclusive bool) (bool, error) {
	how := unix.LOCK_SH | unix.LOCK_NB
	if exclusive {
		how = unix.LOCK_EX | unix.LOCK_NB
	}
	err := ignoringEINTR(func() error { return unix.Flock(int(f.Fd()), how) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// unlock has nothing to do: closing the file releases its lock.
func unlock(*os.File) {}

func ignoringEINTR(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
