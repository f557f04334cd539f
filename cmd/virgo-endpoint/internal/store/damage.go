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

// named makes an error that is about damage wrap intake.ErrDamaged as well.
func named(err error) error {
	if isCorrupt(err) {
		return fmt.Errorf("%w: %w", intake.ErrDamaged, err)
	}
	return err
}

// stopIfDamaged remembers an error that is about damage, so that nothing is stored any more, and returns
// it.
func (s *Store) stopIfDamaged(err error) error {
	err = named(err)
	if errors.Is(err, intake.ErrDamaged) {
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
