package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
)

// A mode is a set of properties of a transaction.
type mode uint8

const (
	reads      mode = 0
	writes     mode = 1 << iota
	repeatable      // fn may run again from its beginning
)

// maxAttempts bounds how often one call starts again after a repair.
const maxAttempts = 4

// transact opens the file, runs fn in a transaction and closes the file, whatever happens. point
// names the hooks; empty means append if fn appended, otherwise update.
//
// If the file is found damaged before fn begins, it is repaired and fn runs on the new file. If
// damage is found later, the next call repairs the file, because fn may have had effects outside of
// the transaction. If fn is repeatable, the file is repaired at once and fn runs again.
func (s *Spool) transact(ctx context.Context, mode mode, point string, fn func(*Tx) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := s.acquire(ctx); err != nil {
		return err
	}
	defer s.release()
	checkMarker := true
	for range maxAttempts {
		began, damagedFile, err := s.attempt(ctx, mode&writes != 0, point, checkMarker, fn)
		switch {
		case err == nil || began && (mode&repeatable == 0 || damagedFile == nil):
			return err
		case errors.Is(err, errUncleanExit):
			// The file was verified and is good; or it cannot be repaired (no permission to write),
			// and is used as it is; or the marker belongs to a process that reads at the same time.
			_ = s.repair(ctx, nil, nil)
			checkMarker = false
		case errors.Is(err, ErrDamaged):
			if failed := s.repair(ctx, damagedFile, err); failed != nil {
				return fmt.Errorf("%w; it could not be repaired: %w", err, failed)
			}
		default:
			return err
		}
	}
	return damaged(s.path, "it was found damaged again after every repair")
}

// attempt runs the transaction once. began reports whether fn was called. If the file is damaged,
// info describes it.
//
// bbolt checks little of what it reads. In a damaged file it panics or, through the memory map,
// faults, which debug.SetPanicOnFault turns into a panic of this goroutine. Both become
// [ErrDamaged]. A panic of the caller's fn passes through after the transaction was rolled back.
// Failures that no recover survives leave the marker set.
func (s *Spool) attempt(
	ctx context.Context, write bool, point string, checkMarker bool, fn func(*Tx) error,
) (began bool, info os.FileInfo, err error) {
	o, err := s.openLocked(ctx, write)
	if err != nil || o == nil {
		if err == nil {
			return true, nil, (&Tx{s: s, now: s.opt.Now()}).run(fn)
		}
		var corrupt *corruptHeaderError
		if errors.As(err, &corrupt) {
			return false, corrupt.info, corrupt.err
		}
		return false, nil, err
	}
	mark, clean := marker{s: s}, true
	if o.ready {
		mark, clean = s.mark(o.created)
	}
	if !clean && checkMarker {
		mark.close()
		o.close(false)
		return false, nil, errUncleanExit
	}
	mark.keep = !clean
	var foundLate error // damage that compaction found after the commit
	tx := &Tx{s: s, o: o, write: write, now: s.opt.Now(), inside: true, unstored: mark.unstored}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		panicked := false
		if tx.inside {
			if recover() != nil { // its text is for those who know bbolt's code
				panicked = true
				err = damaged(s.path, "its pages contradict each other")
			}
		}
		began = tx.began
		if errors.Is(err, ErrDamaged) {
			info, _ = o.f.Stat()
			mark.end(err)
		} else { // what was committed stays; the next call repairs what was found late
			mark.fresh = mark.fresh && !tx.committed
			if tx.unstoredTaken && mark.unstored.Records > 0 && !o.created {
				mark.clearUnstored()
			}
			mark.end(foundLate)
		}
		o.close(!tx.rollback() || panicked && tx.bolt == nil)
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
	if err := tx.maybeCompact(ctx); err != nil && tx.compact {
		return true, nil, err
	} else if errors.Is(err, ErrDamaged) {
		foundLate = err
	}
	return true, nil, nil
}
