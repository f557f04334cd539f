package store

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// isCorrupt reports whether SQLite found damage: SQLITE_CORRUPT or SQLITE_NOTADB, whatever the extension
// (https://www.sqlite.org/rescode.html).
func isCorrupt(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	code := e.Code() & 0xff
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}

// named makes an error that is about damage wrap intake.ErrDamaged as well, and one of a full disk
// intake.ErrFull.
func named(err error) error {
	switch {
	case isCorrupt(err):
		return fmt.Errorf("%w: %w", intake.ErrDamaged, err)
	case isFull(err) && !errors.Is(err, intake.ErrFull):
		return fmt.Errorf("%w: %w", intake.ErrFull, err)
	}
	return err
}

// isFull reports whether the disk did not take what SQLite wrote. The index of the log (-shm) is a file in which it
// reserves space even to read.
func isFull(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_FULL || e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE)
}

// stopIfDamaged remembers an error that is about damage, so that nothing is stored any more, and returns
// it. Damage of a segment costs that segment alone: it is set aside.
func (s *Store) stopIfDamaged(err error) error {
	err = named(err)
	if _, ofSegment := isDamaged(err); !ofSegment && errors.Is(err, intake.ErrDamaged) {
		s.damage.CompareAndSwap(nil, &err)
	}
	return err
}

// damaged returns the damage that was found, if any.
func (s *Store) damaged() error {
	if err := s.damage.Load(); err != nil {
		return *err
	}
	return nil
}

// Verify reads the whole file and returns an error that wraps [intake.ErrDamaged] if it is damaged; then
// nothing is stored any more.
func (s *Store) Verify(ctx context.Context) error {
	var first string
	err := s.read.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&first)
	if err == nil && first != "ok" {
		err = fmt.Errorf("%w: %s", intake.ErrDamaged, first)
	}
	if err != nil {
		return s.stopIfDamaged(fmt.Errorf("verifying the store %q: %w", s.path, err))
	}
	return nil
}
