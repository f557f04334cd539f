package segment

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
)

// Seal commits the transaction as the last one: nothing is stored in the segment any more, by no process. Then
// [Segment.Finish] makes the file read-only.
func (t *Tx) Seal() error {
	if err := t.c.exec("UPDATE meta SET sealed = 1"); err != nil {
		return err
	}
	return t.Commit()
}

// errLogInUse is returned when the log could not be moved into the file.
var errLogInUse = errors.New("its log is in use")

// Finish moves the log of a sealed segment into the file, verifies that it is empty, and makes the file
// read-only. It is repeated until it succeeds: a reader may be in the way. Whoever opens the segment after
// that opens it as immutable.
func (s *Segment) Finish(ctx context.Context) error {
	if s.sealed {
		return nil
	}
	if err := s.finish(ctx); err != nil {
		return fmt.Errorf("closing the segment %q for writing: %w", s.path, err)
	}
	return nil
}

func (s *Segment) finish(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.write == nil {
		c, err := s.openWriter()
		if err != nil {
			return err
		}
		s.write = c
	}
	var sealed, busy int64
	_, err := s.write.one(ctx, "SELECT sealed FROM meta", nil, func(v []driver.Value) error { return integers(v, &sealed) })
	if err != nil {
		return err
	}
	if sealed == 0 {
		return errors.New("it is not sealed")
	}
	_, err = s.write.one(ctx, "PRAGMA wal_checkpoint(TRUNCATE)", nil, func(v []driver.Value) error { return integers(v, &busy) })
	if err != nil {
		return err
	}
	empty, err := logIsEmpty(s.path)
	switch {
	case err != nil:
		return err
	case busy != 0 || !empty:
		return errLogInUse
	}
	return os.Chmod(s.path, sealedMode)
}
