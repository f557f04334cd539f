package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// growStep is how much a file beyond that size grows at once (below it, bbolt doubles). Its default of
// 16 MiB would be a quarter of a whole spool.
const growStep = 1 << 20

// A session is the file held open for one transaction.
type session struct {
	f       *os.File
	db      *bolt.DB // nil where there is nothing to read yet
	size    int64    // of the file, bytes
	used    int64    // of these, in pages that are not free
	ready   bool     // bbolt can open it; else nothing was ever stored in it
	created bool     // the file is new: its folder's entry is not synced yet
}

// openLocked opens and locks the file and weighs its header. A nil session says that there is nothing
// to read: only a View gets it.
func (s *Spool) openLocked(ctx context.Context, write bool) (*session, error) {
	flags := os.O_RDONLY
	if write {
		flags = os.O_RDWR | os.O_CREATE
	}
	for range openTries {
		f, err := openFile(s.path, flags)
		if err != nil {
			if !write && errors.Is(err, fs.ErrNotExist) {
				return nil, nil
			}
			return nil, explain("open", s.path, write, err)
		}
		if s.opened != nil {
			s.opened()
		}
		o, err := s.lockFile(ctx, f, write)
		if err != nil {
			f.Close()
			return nil, err
		}
		if o != nil {
			return o, nil
		}
		f.Close()
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		// Another process moved the file away while we waited; take the one that is there now.
	}
	return nil, fmt.Errorf("open %s: %w", s.path, errElusive)
}

// openTries bounds how often the file is opened anew because it was moved away meanwhile. Processes that mend it
// do so once each; a disk that always says so would keep a run until its deadline.
const openTries = 64

// errElusive is returned when the file is not where it was just opened, again and again.
var errElusive = errors.New("it is not there any more each time that it was opened: look at its disk")

// A headerError is a file that is damaged by its header alone.
type headerError struct {
	info os.FileInfo
	err  error
}

func (e *headerError) Error() string { return e.err.Error() }

// lockFile returns nil without an error where f is no longer the spool's file.
func (s *Spool) lockFile(ctx context.Context, f *os.File, write bool) (*session, error) {
	if err := lockWithin(ctx, f, write, s.opt.LockWait); err != nil {
		return nil, explain("lock", s.path, write, err)
	}
	size, still, err := checkFile(f, s.path)
	if err != nil || !still {
		return nil, err
	}
	state, used, err := checkHeader(f, s.path, size)
	if errors.Is(err, ErrDamaged) {
		info, _ := f.Stat()
		return nil, &headerError{info, err}
	}
	if err != nil {
		return nil, explain("read", s.path, false, err)
	}
	o := &session{f: f, size: size, used: int64(used) * pageSize, ready: write || state == stateGood}
	if !write || state == stateGood {
		return o, nil
	}
	if err := f.Truncate(0); err != nil {
		return nil, explain("start afresh", s.path, true, err)
	}
	o.size, o.created = 0, true
	return o, nil
}

// openDB hands the locked file to bbolt.
func (tx *Tx) openDB() error {
	s, o := tx.s, tx.o
	if o.created {
		tx.hook("create", ".before")
	}
	db, err := bolt.Open(s.path, 0o600, &bolt.Options{
		OpenFile:     func(string, int, fs.FileMode) (*os.File, error) { return o.f, nil },
		Timeout:      s.opt.LockWait, // for Windows, where bbolt's lock is one beside ours
		ReadOnly:     !tx.write,
		PageSize:     pageSize,
		FreelistType: bolt.FreelistArrayType, // lowest page first: the file stays dense
		NoStatistics: true,
	})
	switch {
	case err == nil:
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("lock %s: %w (waited %v)", s.path, ErrLocked, s.opt.LockWait)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return damaged(s.path, "%v", err)
	default:
		return explain("open", s.path, tx.write, err)
	}
	db.AllocSize = growStep
	o.db = db
	if o.created {
		tx.hook("create", ".after")
	}
	return nil
}

// close gives the file back. A bbolt that panicked may have left its own locks taken, so that
// closing it would hang: then only the file is closed, which is what other processes wait for.
func (o *session) close(broken bool) {
	unlock(o.f)
	if o.db != nil && !broken {
		// What was committed is synced: an error of closing takes nothing back.
		_ = o.db.Close()
		return
	}
	_ = o.f.Close()
}

// transact opens the file, runs fn in a transaction and closes the file, whatever happens. point
// names the hooks; empty means append or update, by what fn did.
//
// A file that turns out to be damaged before fn has begun is mended, and fn runs on what was saved. Found
// later, it is mended by the next call, unless fn is this package's own: what a caller's fn did outside of the
// transaction must not be done twice.
func (s *Spool) transact(ctx context.Context, mode mode, point string, fn func(*Tx) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	suspect := replaceable // where nothing can be mended, a marker is of no use
	for range mendTries {
		begun, damagedFile, err := s.once(ctx, mode&writes != 0, point, suspect, fn)
		switch {
		case err == nil || !replaceable || begun && (mode&own == 0 || damagedFile == nil):
			return err
		case errors.Is(err, errSuspect):
			// Then it was looked through and is good; or it cannot be (no right to write), and is used as it
			// is; or the marker was that of one who reads at the same time.
			_ = s.mend(ctx, nil, nil)
			suspect = false
		case errors.Is(err, ErrDamaged):
			if failed := s.mend(ctx, damagedFile, err); failed != nil {
				return fmt.Errorf("%w; it could not be mended: %w", err, failed)
			}
		default:
			return err
		}
	}
	return damaged(s.path, "it is so again and again")
}

// A mode says what a transaction is for.
type mode uint8

const (
	reads  mode = 0
	writes mode = 1 << iota
	own         // fn may be run again from its beginning
)

// mendTries bounds how often one call starts anew.
const mendTries = 4

// once is one try. begun says that fn had the word. Where the file is damaged, info is of that file.
//
// bbolt checks little of what it reads. A damaged file shows as a panic or, through the map, as a
// fault, which the runtime is asked to turn into a panic on this goroutine: both become [ErrDamaged]. A
// panic of the caller's fn passes through, after the transaction was undone. What no process survives is
// what the marker is for.
func (s *Spool) once(ctx context.Context, write bool, point string, suspect bool, fn func(*Tx) error) (begun bool, info os.FileInfo, err error) {
	o, err := s.openLocked(ctx, write)
	if err != nil || o == nil {
		if err == nil {
			return true, nil, (&Tx{s: s, now: s.opt.Now()}).run(fn)
		}
		var d *headerError
		if errors.As(err, &d) {
			return false, d.info, d.err
		}
		return false, nil, err
	}
	if !s.mark() && suspect {
		o.close(false)
		return false, nil, errSuspect
	}
	var rotten error
	tx := &Tx{s: s, o: o, write: write, now: s.opt.Now(), inside: true}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		broken := false
		if tx.inside {
			if p := recover(); p != nil {
				broken = true
				err = damaged(s.path, "%v", p)
			}
		}
		begun = tx.began
		switch {
		case errors.Is(err, ErrDamaged):
			info, _ = o.f.Stat()
			s.condemn(err)
		case rotten != nil: // what was committed is; the next call mends the rest
			s.condemn(rotten)
		default:
			s.unmark()
		}
		o.close(!tx.undo() || broken && tx.bolt == nil)
	}()
	if o.ready {
		if err := tx.begin(); err != nil {
			return false, nil, err
		}
	}
	if err := tx.run(fn); err != nil {
		return true, nil, err
	}
	if err := tx.commit(point); err != nil || !write {
		return true, nil, err
	}
	if tidied := tx.tidy(); tidied != nil && tx.compact {
		return true, nil, tidied
	} else if errors.Is(tidied, ErrDamaged) {
		rotten = tidied
	}
	return true, nil, nil
}
