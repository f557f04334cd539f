package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

const (
	// deleteRows bounds the rows that are deleted in one transaction, for which enrolments wait.
	deleteRows = 500
	// expectedRatio is what rows take in segments, as a part of what they take in the table, until the first
	// of them are there: 8 times less was measured (BenchmarkMigration); this is on the safe side.
	expectedRatio = 0.5
)

// A Migration says how far the rows of a store of before segments were moved.
type Migration struct {
	// Moved of Total results are in segments. Total is an upper bound.
	Moved, Total int64
	// Done is true once there is nothing left of the table.
	Done bool
}

// A MigrationSpaceError is returned while the disk does not have the space for the rows and their segments.
type MigrationSpaceError struct {
	// Need is the free space that it takes, Free what there is. In bytes.
	Need, Free int64
	Dir        string
}

func (e *MigrationSpaceError) Error() string {
	return fmt.Sprintf("moving the stored results into segments takes about %s of free space, and %q has %s",
		retention.FormatSize(e.Need), e.Dir, retention.FormatSize(e.Free))
}

// Hint returns the next step.
func (e *MigrationSpaceError) Hint() string {
	return "make space on that disk; until then everything is stored and shown as before"
}

// moveOn moves rows of the table results into one segment, or deletes some that were moved, or ends the migration.
// It is called until it is done; a kill in between costs the work on one segment.
func (s *Store) moveOn(ctx context.Context, now time.Time) (m Migration, err error) {
	c, err := s.catalogue(ctx)
	if err != nil {
		return m, err
	}
	if !c.hasOld {
		return Migration{Moved: c.moved, Total: c.moved, Done: true}, nil
	}
	switch {
	case c.old:
		err = s.moveSegment(ctx, c, now)
	default:
		err = s.dropMoved(ctx, c)
	}
	if err != nil {
		return m, fmt.Errorf("moving results into segments: %w", s.stopIfDamaged(err))
	}
	return s.Migration(ctx)
}

// Migration returns how far the migration is.
func (s *Store) Migration(ctx context.Context) (m Migration, err error) {
	c, err := s.catalogue(ctx)
	if err != nil {
		return m, err
	}
	m = Migration{Moved: c.moved, Total: c.moved, Done: !c.hasOld}
	if c.old {
		var last int64
		if err := s.read.QueryRowContext(ctx, "SELECT max(seq) FROM results").Scan(&last); err != nil {
			return m, named(err)
		}
		m.Total += last - c.migrated
	}
	return m, nil
}

// enoughSpace compares the free space with what the rest of the rows may take.
func (s *Store) enoughSpace(ctx context.Context, c *catalogue) error {
	space, err := s.free()
	if err != nil {
		return nil // the disk says itself that it is full
	}
	var last int64
	if err := s.read.QueryRowContext(ctx, "SELECT max(seq) FROM results").Scan(&last); err != nil {
		return err
	}
	rest := float64(last - c.migrated)
	need := float64(fileBytes(s.path)) * expectedRatio * rest / float64(max(1, last))
	moved, bytes := int64(0), int64(0)
	for _, e := range c.entries {
		if e.number <= migratedNumbers && e.state == segmentSealed {
			moved, bytes = moved+e.results, bytes+e.bytes
		}
	}
	if moved > 0 {
		need = rest * float64(bytes) / float64(moved) * 1.25
	}
	if need += float64(c.minFree); float64(space.Free) < need {
		return &MigrationSpaceError{Need: int64(need), Free: space.Free, Dir: s.segmentsDir()}
	}
	return nil
}

// dropMoved deletes rows that are in segments, and at the end the table.
func (s *Store) dropMoved(ctx context.Context, c *catalogue) error {
	for {
		began := time.Now()
		var n int64
		err := s.change(ctx, func(tx *sql.Tx) error {
			done, err := tx.ExecContext(ctx,
				"DELETE FROM results WHERE seq IN (SELECT seq FROM results WHERE seq <= ? ORDER BY seq LIMIT ?)", c.migrated, deleteRows)
			if err != nil {
				return err
			}
			n, err = done.RowsAffected()
			return err
		})
		if err != nil {
			return err
		}
		if err := s.at("dropped"); err != nil {
			return err
		}
		if n < deleteRows {
			break
		}
		if err := pause(ctx, time.Since(began)/2); err != nil {
			return err
		}
	}
	err := s.change(ctx, func(tx *sql.Tx) error {
		var left bool
		if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM results)").Scan(&left); err != nil || left {
			return errors.Join(err, errRowsLeft)
		}
		if _, err := tx.ExecContext(ctx, "DROP TABLE results"); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE agents SET unsure = 0")
		return err
	})
	if err != nil {
		return err
	}
	if err := s.at("table dropped"); err != nil {
		return err
	}
	return s.shrink(ctx)
}

// errRowsLeft is returned when another process, of an earlier version, stored rows meanwhile.
var errRowsLeft = errors.New("the table of results has new rows")

// shrink makes the file as small as its content.
func (s *Store) shrink(ctx context.Context) error {
	if _, err := s.write.ExecContext(ctx, "VACUUM"); err != nil {
		return named(err)
	}
	_, err := s.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return named(err)
}

// pause waits, unless ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
