package spool

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

var (
	errnosFull     = []windows.Errno{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL}
	errnosReadOnly = []windows.Errno{windows.ERROR_WRITE_PROTECT, windows.ERROR_ACCESS_DENIED}
)

func moveCommand(from, to string) string { return fmt.Sprintf(`move "%s" "%s"`, from, to) }

// openFile opens a file that no child inherits. Symbolic links are not checked for: creating one
// takes a privilege here.
func openFile(path string, flags int) (*os.File, error) { return os.OpenFile(path, flags, 0o600) }

func makeDir(dir string) error { return os.MkdirAll(dir, 0o700) }

// onReadOnlyDisk knows of no disk that is read-only: the first call that stores does.
func onReadOnlyDisk(string) error { return nil }

// syncDir has nothing to do: NTFS journals its folders, and FlushFileBuffers takes no folder.
func syncDir(string) error { return nil }

// checkDir checks no modes. Windows has access lists, which the folder inherits from %ProgramData%
// or the user's profile; Go's permission bits show only the read-only attribute.
func checkDir(dir string) error {
	fi, err := os.Stat(dir)
	if err == nil && !fi.IsDir() {
		err = &os.PathError{Op: "open", Path: dir, Err: windows.ERROR_DIRECTORY}
	}
	return err
}

// checkFile always finds the file current: Go opens files so that they cannot be renamed while they
// are open.
func checkFile(f *os.File, path string) (size int64, current bool, err error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, false, err
	}
	if !fi.Mode().IsRegular() {
		return 0, false, fmt.Errorf("%s is not a regular file", path)
	}
	return fi.Size(), true, nil
}

// The locked byte lies far beyond the data, next to the one that bbolt locks: on Windows a lock
// also keeps others from reading what it covers.
const lockOffset, lockOffsetHigh = 1<<32 - 2, 1<<32 - 1

// tryLock acquires a lock that belongs to the handle (LockFileEx). No child process inherits it, and
// the system releases it when its owner ends.
func tryLock(f *os.File, exclusive bool) (bool, error) {
	var flags uint32 = windows.LOCKFILE_FAIL_IMMEDIATELY
	if exclusive {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0,
		&windows.Overlapped{Offset: lockOffset, OffsetHigh: lockOffsetHigh})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}

// unlock releases the lock at once; the system would do so some time after the handle is closed.
func unlock(f *os.File) {
	_ = windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0,
		&windows.Overlapped{Offset: lockOffset, OffsetHigh: lockOffsetHigh})
}

func unlockNow(f *os.File) { unlock(f) }
