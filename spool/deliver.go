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
	path := filepath.Join(s.dir, deliverName)
	for {
		f, err := openFile(path, os.O_RDWR|os.O_CREATE)
		if err != nil {
			return nil, false, explain("open", path, true, err)
		}
		ok, err = tryLock(f, true)
		if err != nil || !ok {
			f.Close()
			return nil, false, explain("lock", path, true, err)
		}
		_, still, err := checkFile(f, path)
		if err != nil || !still {
			f.Close()
		}
		if err != nil {
			return nil, false, err
		}
		if still {
			return sync.OnceValue(func() error {
				unlock(f)
				return f.Close()
			}), true, nil
		}
		// The file was deleted between its opening and its locking: a lock on it would keep nobody out.
	}
}
