package spool

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

const deliverName = "deliver.lock"

// TryDeliver acquires the lock that only the process that delivers may have. It does not wait: ok is
// false if another process has it. release unlocks it and may be called more than once. The system
// unlocks it when the process dies; child processes do not inherit it.
//
// Errors: [ErrReadOnly], [ErrFull], [ModeError], [OwnerError] and the system's.
func (s *Spool) TryDeliver() (release func() error, ok bool, err error) {
	if s.unreachable != nil {
		return nil, false, s.unreachable
	}
	return tryLockPath(filepath.Join(s.dir, deliverName), s.afterOpen)
}

// TryLock acquires the lock of a file of its own in a folder that only this user may change, for other packages: as
// [Spool.TryDeliver] does, which has its errors.
func TryLock(path string) (release func() error, ok bool, err error) { return tryLockPath(path, nil) }

// tryLockPath locks the file, which it creates. afterOpen is a test's; usually nil.
func tryLockPath(path string, afterOpen func()) (release func() error, ok bool, err error) {
	for range maxOpenTries {
		f, err := openFile(path, os.O_RDWR|os.O_CREATE)
		if err != nil {
			return nil, false, explain("open", path, true, err)
		}
		if afterOpen != nil {
			afterOpen()
		}
		ok, current, err := lockCurrent(f, path)
		if ok && current {
			return sync.OnceValue(func() error {
				unlock(f)
				return f.Close()
			}), true, nil
		}
		f.Close()
		if err != nil || !ok {
			return nil, false, err
		}
		// The file was deleted before it was locked: open the new one.
	}
	return nil, false, fmt.Errorf("open %s: %w", path, errReplaced)
}

// lockCurrent locks f. current is false if path names another file by now: a lock on a deleted file
// excludes nobody.
func lockCurrent(f *os.File, path string) (ok, current bool, err error) {
	ok, err = tryLock(f, true)
	if err != nil || !ok {
		return false, false, explain("lock", path, true, err)
	}
	if _, current, err = checkFile(f, path); err != nil {
		return false, false, err
	}
	return true, current, nil
}
