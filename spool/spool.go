package spool

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"
)

// Defaults of [Options].
const (
	DefaultMaxBytes = 64 << 20            // bytes of queued records
	DefaultMaxAge   = 30 * 24 * time.Hour // of a queued record
	DefaultLockWait = 5 * time.Second     // for the file
)

const (
	fileName = "virgo.db"

	// rejectedShare is the divisor of MaxBytes that gives the bound on rejected records.
	rejectedShare = 8
)

// Options configure a spool. A zero field means the default above or the one named at the field.
type Options struct {
	// MaxBytes bounds the queue: keys, headers and data of its records. Rejected records may take
	// an eighth of it in addition.
	MaxBytes int64
	// MaxFileBytes bounds the pages of the file that are in use, for any purpose; zero means
	// MaxBytes plus a quarter plus 1 MiB. The file also has free pages, which are removed when they
	// are more than half of it.
	MaxFileBytes int64
	// MaxAge bounds how long a record stays queued, by the spool's clock (see the package comment).
	MaxAge time.Duration
	// LockWait bounds the wait for another process's or goroutine's transaction.
	LockWait time.Duration
	// Now returns the wall clock's time; nil means time.Now.
	Now func() time.Time
	// Guard, if not nil, returns why the state folder must not be used, although it belongs to the user and
	// nobody else can access it: others may be able to put another one in its place.
	Guard func(dir string) error
	// Existing: Open creates no folder. One that does not exist is an empty spool, in which nothing can be stored.
	Existing bool
	// Recovered, if not nil, is called after a damaged file was replaced.
	Recovered func(Recovery)
	// Hook, if not nil, is called at named points before and after each commit, while the file is
	// open: tests end the process there. The points are create, append, settle, drop, update,
	// compact and salvage, each with ".before" and ".after", and "compact.synced".
	Hook func(point string)
}

// A Spool is a queue on disk. It has no file open between calls, and its methods may be called by
// several goroutines and processes at once.
type Spool struct {
	dir, path   string
	opt         Options
	sem         chan struct{} // limits this process to one transaction at a time
	unreachable error         // not nil: every call fails with it
	afterOpen   func()        // for tests; called between opening the file and locking it

	// beforeReplace, for tests, is called before each try to replace the file.
	beforeReplace func()
}

// Open creates the folder dir with mode 0700 if it does not exist, unless opt.Existing, and checks
// that only the user who runs this process can access it. The file in it is created by the first call that writes.
//
// Errors: [ModeError], [OwnerError], [ErrReadOnly], [ErrFull] and the system's.
func Open(dir string, opt Options) (*Spool, error) {
	if opt.MaxBytes <= 0 {
		opt.MaxBytes = DefaultMaxBytes
	}
	if opt.MaxFileBytes <= 0 {
		opt.MaxFileBytes = opt.MaxBytes + opt.MaxBytes/4 + 1<<20
	}
	if opt.MaxAge <= 0 {
		opt.MaxAge = DefaultMaxAge
	}
	if opt.LockWait <= 0 {
		opt.LockWait = DefaultLockWait
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s := &Spool{dir: dir, path: filepath.Join(dir, fileName), opt: opt, sem: make(chan struct{}, 1)}
	err := checkDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if opt.Existing {
			err = onReadOnlyDisk(dir)
		} else {
			err = makeDir(dir)
		}
		if err != nil {
			return nil, explain("create the state folder", dir, true, err)
		}
		if opt.Existing {
			return s, nil
		}
		err = checkDir(dir)
	}
	if err == nil && opt.Guard != nil {
		err = opt.Guard(dir)
	}
	if err != nil {
		return nil, explain("open the state folder", dir, false, err)
	}
	return s, nil
}

// Unreachable returns a spool on which every call that reads or writes fails with why. It replaces a
// spool that [Open] could not open, so that a run can continue without its disk.
func Unreachable(why error) *Spool { return &Spool{unreachable: why} }

// Path returns the path of the file.
func (s *Spool) Path() string { return s.path }

// Update runs fn in a transaction. It is committed and synced when fn returns nil, and rolled
// back when fn returns an error, which Update returns. A transaction that changed nothing is not
// committed, so it costs no sync. fn must not call the spool's other methods.
//
// If the commit itself fails (the disk did not sync), the transaction is stored either completely or
// not at all.
//
// Errors: those of opening, [ErrFull], [ErrReadOnly], the context's, and fn's unchanged.
func (s *Spool) Update(ctx context.Context, fn func(*Tx) error) error {
	return s.transact(ctx, writes, "", fn)
}

// View runs fn in a read-only transaction. If there is no file yet, fn sees an empty spool, and no
// file is created. Several processes may run views at once. Errors: those of opening, the context's,
// and fn's unchanged.
func (s *Spool) View(ctx context.Context, fn func(*Tx) error) error {
	return s.transact(ctx, reads, "", fn)
}

// callHook calls the test hook.
func (s *Spool) callHook(point string) {
	if s.opt.Hook != nil {
		s.opt.Hook(point)
	}
}
