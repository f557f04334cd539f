package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"virgo/spool/internal/boltfile"
)

// growStep is the number of bytes by which a file larger than that grows at a time (a smaller one is
// doubled). bbolt's default of 16 MiB would be a quarter of a whole spool.
const growStep = 1 << 20

// A session is the file, opened for one transaction.
type session struct {
	f       *os.File
	file    *boltfile.File
	db      *bolt.DB // nil where there is nothing to read yet
	size    int64    // of the file, bytes
	used    int64    // bytes in pages that are not free
	ready   bool     // bbolt can open it; else nothing was ever stored in it
	created bool     // the file is new: its folder's entry is not synced yet
	closed  bool
	release func() // unlocks the lock beside the file
}

// maxOpenTries bounds how often a file is opened again because it was replaced or deleted meanwhile.
// Processes that repair the spool do so once each; a broken file system could report it forever.
const maxOpenTries = 64

var errReplaced = errors.New("the file was replaced every time it was opened: check the disk")

// A corruptHeaderError is a file whose header alone shows that it is damaged.
type corruptHeaderError struct {
	info os.FileInfo
	err  error
}

func (e *corruptHeaderError) Error() string { return e.err.Error() }

// openLocked opens and locks the file and checks its header. It returns a nil session if there is
// nothing to read, which only happens in a View.
func (s *Spool) openLocked(ctx context.Context, write bool) (o *session, err error) {
	release, err := s.lockBeside(ctx, write)
	if err != nil {
		return nil, err
	}
	defer func() {
		if o == nil {
			release()
		} else {
			o.release = release
		}
	}()
	flags := os.O_RDONLY
	if write {
		flags = os.O_RDWR
	}
	for range maxOpenTries {
		f, err := openFile(s.path, flags)
		if write && errors.Is(err, fs.ErrNotExist) {
			s.markNew()
			f, err = openFile(s.path, flags|os.O_CREATE)
		}
		if err != nil {
			if !write && errors.Is(err, fs.ErrNotExist) {
				return nil, nil
			}
			return nil, explain("open", s.path, write, err)
		}
		if s.afterOpen != nil {
			s.afterOpen()
		}
		o, err := s.lockFile(ctx, f, write)
		if err != nil {
			f.Close()
			return nil, err
		}
		if o != nil {
			return o, nil
		}
		// Another process replaced the file while this one waited for the lock: open the new one.
		f.Close()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return nil, fmt.Errorf("open %s: %w", s.path, errReplaced)
}

// lockFile locks f. It returns nil without an error if f is no longer the spool's file.
func (s *Spool) lockFile(ctx context.Context, f *os.File, write bool) (*session, error) {
	if err := lockWithin(ctx, f, write, s.opt.LockWait); err != nil {
		return nil, explain("lock", s.path, write, err)
	}
	size, current, err := checkFile(f, s.path)
	if err != nil || !current {
		return nil, err
	}
	file, err := boltfile.Check(f, size, fileLayout())
	switch {
	case err == nil && file.State != boltfile.Ready && s.hadRecords():
		info, _ := f.Stat()
		return nil, &corruptHeaderError{info, damaged(s.path, "it is empty")}
	case err == nil:
	case boltfile.IsCorrupt(err):
		info, _ := f.Stat()
		return nil, &corruptHeaderError{info, damaged(s.path, "%v", err)}
	case errors.Is(err, boltfile.ErrNewerVersion):
		return nil, fmt.Errorf("%s: %w", s.path, ErrNewerFormat)
	default:
		return nil, explain("read", s.path, false, err)
	}
	o := &session{
		f: f, file: file, size: size,
		used:  int64(file.Usage.Pages-file.Usage.Free) * boltfile.PageSize,
		ready: write || file.State == boltfile.Ready,
	}
	if !write || file.State == boltfile.Ready {
		return o, nil
	}
	if err := f.Truncate(0); err != nil {
		return nil, explain("create", s.path, true, err)
	}
	o.size, o.created = 0, true
	return o, nil
}

// fileLayout describes the file to package boltfile.
func fileLayout() boltfile.Layout {
	return boltfile.Layout{
		Nested: string(bucketState),
		Large:  []string{string(bucketQueue), string(bucketRejected)},
	}
}

// openDB has bbolt open the locked file.
func (tx *Tx) openDB() error {
	s, o := tx.s, tx.o
	if o.created {
		tx.hook("create", ".before")
	}
	db, err := bolt.Open(s.path, 0o600, &bolt.Options{
		OpenFile:     func(string, int, fs.FileMode) (*os.File, error) { return o.f, nil },
		Timeout:      s.opt.LockWait, // for Windows, where bbolt has a lock besides ours
		ReadOnly:     !tx.write,
		PageSize:     boltfile.PageSize,
		FreelistType: bolt.FreelistArrayType, // lowest page first: the file stays dense
		NoStatistics: true,
	})
	switch {
	case err == nil:
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("lock %s: %w (waited %v)", s.path, ErrLocked, s.opt.LockWait)
	case isInvalid(err):
		// The header was verified just before, or bbolt has just written it: what fails is reading it, which
		// bbolt does not tell apart. Taken for damage, the file would be replaced and a loss reported.
		return fmt.Errorf("open %s: the disk fails to return its first pages: %w", s.path, err)
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

// isInvalid reports whether bbolt finds no valid header.
func isInvalid(err error) bool {
	return errors.Is(err, berrors.ErrInvalid) || errors.Is(err, berrors.ErrChecksum) || errors.Is(err, berrors.ErrVersionMismatch)
}

// close closes the file and releases all locks. After a panic, bbolt's own locks may still be taken, so
// that closing it would hang: then only the file is closed, which is what other processes wait for.
func (o *session) close(panicked bool) {
	o.closeFile(panicked)
	o.release()
}

// closeFile closes the file, which may be closed already, and keeps the lock beside it.
func (o *session) closeFile(panicked bool) {
	if o.closed {
		return
	}
	o.closed = true
	unlock(o.f)
	if o.db != nil && !panicked {
		_ = o.db.Close() // what was committed is synced: an error changes nothing
		return
	}
	if o.db != nil {
		unmap(o.db)
	}
	_ = o.f.Close()
}
