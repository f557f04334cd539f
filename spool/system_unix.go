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

var errNotRegular = errors.New("it is not a regular file")

func moveCommand(from, to string) string { return "mv " + quote(from) + " " + quote(to) }

// openFile opens a file that no child inherits. It refuses a symbolic link, through which another
// user could make the process write elsewhere (O_NOFOLLOW in open(2)), and whatever else is no
// regular file: to open a FIFO waits for its other end. os.OpenFile would try to register the file
// with the network poller, which costs five system calls.
func openFile(path string, flags int) (*os.File, error) {
	var st unix.Stat_t
	err := retryEINTR(func() error { return unix.Lstat(path, &st) })
	if kind := st.Mode & unix.S_IFMT; err == nil && kind != unix.S_IFREG && kind != unix.S_IFLNK {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	var fd int
	err = retryEINTR(func() (err error) {
		fd, err = unix.Open(path, flags|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
		return err
	})
	if err == unix.ELOOP || err == unix.EMLINK {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("it is a symbolic link")}
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// makeDir creates the folder and the missing ones above it, and syncs the parent of each, so that a
// power failure does not remove them with what was stored in them.
func makeDir(dir string) error {
	missing := missingDirs(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, p := range missing {
		if err := syncDir(parent(p)); err != nil {
			return err
		}
	}
	return nil
}

// missingDirs returns a folder that does not exist, and those above it that do not.
func missingDirs(dir string) []string {
	missing := []string{dir}
	for p := parent(dir); p != missing[len(missing)-1]; p = parent(p) {
		if _, err := os.Lstat(p); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, p)
	}
	return missing
}

// onReadOnlyDisk returns why nobody can make a folder that does not exist.
func onReadOnlyDisk(dir string) error {
	missing := missingDirs(dir)
	if err := unix.Access(parent(missing[len(missing)-1]), unix.W_OK); err == unix.EROFS {
		return &os.PathError{Op: "mkdir", Path: dir, Err: err}
	}
	return nil
}

// syncDir makes the entries of a folder durable. A file system that does not support it (EINVAL,
// ENOTSUP) has nothing to sync.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil // a parent that may be searched but not read
		}
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

// checkDir returns fs.ErrNotExist if there is no folder, and a [ModeError] or [OwnerError] if other
// users can access it. A symbolic link (to a larger disk, say) is followed if the user or root owns
// it.
func checkDir(dir string) error {
	var st unix.Stat_t
	if err := retryEINTR(func() error { return unix.Lstat(dir, &st) }); err != nil {
		return &fs.PathError{Op: "stat", Path: dir, Err: err}
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		if st.Uid != 0 && int(st.Uid) != os.Geteuid() {
			return ownerError(dir, int(st.Uid), "chown -h")
		}
		if err := retryEINTR(func() error { return unix.Stat(dir, &st) }); err != nil {
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

// checkFile applies the same rule to an open file and returns its size in bytes. current is false if
// path names another file by now: f was replaced while the caller waited for its lock.
func checkFile(f *os.File, path string) (size int64, current bool, err error) {
	var st, now unix.Stat_t
	if err := retryEINTR(func() error { return unix.Fstat(int(f.Fd()), &st) }); err != nil {
		return 0, false, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return 0, false, &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	if int(st.Uid) != os.Geteuid() {
		return 0, false, ownerError(path, int(st.Uid), "chown")
	}
	if st.Mode&0o077 != 0 {
		return 0, false, &ModeError{Path: path, Mode: fs.FileMode(st.Mode & 0o777), Fix: "chmod 600 " + quote(path)}
	}
	err = retryEINTR(func() error { return unix.Lstat(path, &now) })
	if err != nil && err != unix.ENOENT {
		return 0, false, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return st.Size, err == nil && now.Dev == st.Dev && now.Ino == st.Ino, nil
}

func ownerError(path string, owner int, chown string) error {
	user := os.Geteuid()
	return &OwnerError{Path: path, Owner: owner, User: user, Fix: fmt.Sprintf("%s %d %s", chown, user, quote(path))}
}

// tryLock acquires a lock that belongs to the open file description (flock(2)), so two openings
// exclude each other even in one process. It returns false if another opening has the lock. The
// system releases it when the last copy of the descriptor is closed. Files are opened close-on-exec,
// so no program that a child process executes has a copy.
func tryLock(f *os.File, exclusive bool) (bool, error) {
	how := unix.LOCK_SH | unix.LOCK_NB
	if exclusive {
		how = unix.LOCK_EX | unix.LOCK_NB
	}
	err := retryEINTR(func() error { return unix.Flock(int(f.Fd()), how) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// unlock has nothing to do: closing the file releases the lock.
func unlock(*os.File) {}

// unlockNow releases the lock even if a child process has a copy of it until it calls exec.
func unlockNow(f *os.File) {
	_ = retryEINTR(func() error { return unix.Flock(int(f.Fd()), unix.LOCK_UN) })
}

func retryEINTR(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
