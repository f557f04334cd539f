package spool

import (
	"os"
	"path/filepath"
	"sync"
)

const deliverName = "deliver.lock"

// TryDeliver makes the caller the one that delivers, if nobody does at present; ok is false where
// another process does. It does not wait. release ends it and may be called more than once; the
// system does the same when the process dies, and no child process keeps it.
//
// Errors: [ErrReadOnly], [ErrFull], [ModeError], [OwnerError] and the system's.
func (s *Spool) TryDeliver() (release func() error, ok bool, err error) {
	if s.gone != nil {
		return nil, false, s.gone
	}
	path := filepath.Join(s.dir, deliverName)
	for {
		f, err := openFile(path, os.O_RDWR|os.O_CREATE)
		if err != nil {
			return nil, false, explain("open", path, true, err)
		}
		ok, still, err := lockDeliver(f, path)
		if ok && still {
			return sync.OnceValue(func() error {
				unlock(f)
				return f.Close()
			}), true, nil
		}
		f.Close()
		if err != nil || !ok {
			return nil, false, err
		}
		// The file was deleted between its opening and its locking: take the one that is there now.
	}
}

// lockDeliver locks f; still says that path names it yet. A lock on a file that was deleted keeps nobody
// out.
func lockDeliver(f *os.File, path string) (ok, still bool, err error) {
	ok, err = tryLock(f, true)
	if err != nil || !ok {
		return false, false, explain("lock", path, true, err)
	}
	if _, still, err = checkFile(f, path); err != nil {
		return false, false, err
	}
	return true, still, nil
}
