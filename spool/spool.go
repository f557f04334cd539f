package spool

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"
)

// Where an [Options] field is zero.
const (
	DefaultMaxBytes = 64 << 20            // bytes of waiting records
	DefaultMaxAge   = 30 * 24 * time.Hour // of a waiting record
	DefaultLockWait = 5 * time.Second     // for the file
)

const (
	fileName = "virgo.db"

	// rejectedShare of MaxBytes, as a divisor, is what refused records may take.
	rejectedShare = 8
)

// Options bound a spool. The zero value takes the defaults above.
type Options struct {
	// MaxBytes bounds what waits: keys, headers and data of the records. What was refused may take
	// an eighth of it besides.
	MaxBytes int64
	// MaxFileBytes bounds the pages of the file that are in use, whatever they are in use for; zero is
	// a quarter more than MaxBytes, and a mebibyte. The file itself is longer by what is free in it, at
	// most for as long as there is more of that.
	MaxFileBytes int64
	// MaxAge bounds how long a record waits, by the spool's own clock (see the package comment).
	MaxAge time.Duration
	// LockWait bounds the wait for another process's or goroutine's transaction.
	LockWait time.Duration
	// Now tells the time; nil is time.Now.
	Now func() time.Time
	// Recovered, if not nil, is told of a damaged file that was replaced by what could be read of it.
	Recovered func(Recovery)
	// Hook, if not nil, is called at named points around each commit, while the file is open: tests
	// end the process there. The points are create, append, settle, drop, update, compact and
	// salvage, each with ".before" and ".after", and "compact.synced".
	Hook func(point string)
}

// A Spool is a queue on disk. It holds no file open between calls, and its methods may be called by
// several goroutines and processes at once.
type Spool struct {
	dir, path string
	opt       Options
	turn      chan struct{} // holds one token: whose turn at the file it is in this process
	gone      error         // why nothing of it can be reached; nil: it can
	// opened, where not nil, is a test's: it is called between opening the file and locking it.
	opened func()
}

// Open makes the folder dir, if it is not there, with mode 0700, and checks that it and the file in it
// are their user's own. The file itself is made by the first call that writes.
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
	s := &Spool{dir: dir, path: filepath.Join(dir, fileName), opt: opt, turn: make(chan struct{}, 1)}
	err := checkDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeDir(dir); err != nil {
			return nil, explain("make the state's folder", dir, true, err)
		}
		err = checkDir(dir)
	}
	if err != nil {
		return nil, explain("open the state's folder", dir, false, err)
	}
	return s, nil
}

// Path is where the file lies.
func (s *Spool) Path() string { return s.path }

// Update runs fn in a transaction that is committed and synced when fn returns nil, and undone
// when it returns an error, which Update hands on. A transaction that changed nothing is not
// committed, so it costs no sync. fn must not call the spool's other methods.
//
// An error of the commit itself (a disk that failed to sync) leaves open whether the transaction is
// there: all of it or none.
//
// Errors: those of opening, [ErrFull], [ErrReadOnly], the context's, and fn's as it is.
func (s *Spool) Update(ctx context.Context, fn func(*Tx) error) error {
	return s.transact(ctx, writes, "", fn)
}

// View runs fn in a transaction that reads. Where there is no file yet, it finds nothing and makes
// none. Several views may run at once, in several processes.
func (s *Spool) View(ctx context.Context, fn func(*Tx) error) error {
	return s.transact(ctx, reads, "", fn)
}
