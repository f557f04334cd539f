package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

// folderMode is that of the folder of segments.
const folderMode os.FileMode = 0o700

// Bounds say how much a store keeps.
type Bounds struct {
	// Keep is how long results are kept; 0 is for ever.
	Keep time.Duration
	// MaxBytes is the bound of the store; 0 is the saved one, which is computed if there is none; -1 is none.
	MaxBytes int64
	// MinFree is the free space below which nothing is stored; nil is the default (retention.DefaultFloor).
	MinFree *retention.Limit
}

// SetBounds saves how much is kept, for all processes. It returns the bounds in bytes: of the store (-1 is none), and of
// free space. Where the system does not tell the free space there are none but those that b has.
func (s *Store) SetBounds(ctx context.Context, b Bounds) (maxBytes, minFree int64, err error) {
	space, spaceErr := s.free()
	used, err := s.usedBytes(ctx)
	if err != nil {
		return 0, 0, err
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		all, err := settings(ctx, tx)
		saved, known := all[setMaxBytes]
		switch maxBytes = b.MaxBytes; {
		case err != nil:
			return err
		case maxBytes != 0:
		case known:
			maxBytes = saved
		case spaceErr == nil:
			maxBytes = retention.Bound(used, space)
		default:
			maxBytes = -1
		}
		switch {
		case b.MinFree != nil:
			minFree = b.MinFree.Of(space)
		case spaceErr == nil:
			minFree = retention.DefaultFloor(space)
		}
		// What is saved already is not written: a start then changes nothing, and works on a full disk.
		changed := map[string]int64{setKeep: b.Keep.Milliseconds(), setMaxBytes: maxBytes, setMinFree: minFree}
		maps.DeleteFunc(changed, func(name string, value int64) bool {
			before, ok := all[name]
			return ok && before == value
		})
		return putSettings(ctx, tx, changed)
	})
	if err != nil {
		return 0, 0, fmt.Errorf("saving the bounds of the store: %w", err)
	}
	return maxBytes, minFree, nil
}

// free is the space of the store's disk.
func (s *Store) free() (retention.Space, error) {
	if s.freeSpace != nil {
		return s.freeSpace()
	}
	return retention.Free(filepath.Dir(s.path))
}

// hasSpace returns an error if the disk has less free space than the floor. Error: *intake.FullError.
func (s *Store) hasSpace(c *catalogue) error {
	if c.minFree <= 0 {
		return nil
	}
	space, err := s.free()
	if err != nil || space.Free >= c.minFree {
		return nil // where it is unknown, the disk says itself that it is full
	}
	return &intake.FullError{Dir: filepath.Dir(s.path), Free: space.Free, Floor: c.minFree, Migrating: c.hasOld}
}

// usedBytes is what the store takes on the disk, without what is being deleted.
func (s *Store) usedBytes(ctx context.Context) (int64, error) {
	c, err := s.catalogue(ctx)
	if err != nil {
		return 0, err
	}
	used := fileBytes(s.path) + fileBytes(s.historyPath())
	for _, e := range c.entries {
		switch {
		case e.state == segmentDeleting:
		case e.state == segmentSealed && e.bytes > 0:
			used += e.bytes
		case e.state == segmentDamaged:
			used += s.damagedBytes(e.number)
		default:
			used += fileBytes(s.segmentPath(e.number))
		}
	}
	return used, nil
}

func (s *Store) damagedBytes(number int64) (n int64) {
	names, err := filepath.Glob(globEscape(s.segmentPath(number)) + ".damaged-*")
	if err != nil {
		return 0
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			n += info.Size()
		}
	}
	return n
}

// historyPath is the name of the file of package history.
func (s *Store) historyPath() string { return filepath.Join(filepath.Dir(s.path), "history.db") }

// A result that was made before the floor, is not above the highest order of its agent and is not found may have been
// deleted. belowFloor reports whether a result was made before it, by the age that it had when it was sent if
// the agent told that, else by the agent's clock, corrected.
func (c *catalogue) belowFloor(r *intake.Result, received time.Time) bool {
	floor := c.floor.At(c.clock, received)
	if floor.IsZero() {
		return false
	}
	made := r.Time
	switch {
	case r.AgeMS != nil && *r.AgeMS >= 0:
		made = received.Add(-time.Duration(min(*r.AgeMS, maxAgeMS)) * time.Millisecond)
	case r.ClockOffsetMS != nil:
		made = made.Add(time.Duration(*r.ClockOffsetMS) * time.Millisecond)
	}
	return made.Before(floor)
}

// maxAgeMS keeps a time.Duration from overflowing: 200 years.
const maxAgeMS = 200 * 366 * 24 * 60 * 60 * 1000

// countThrownAway adds to the number of results that were acknowledged and not stored.
func (s *Store) countThrownAway(ctx context.Context, n int64) error {
	if n == 0 {
		return nil
	}
	err := s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES (?1, ?2)
			ON CONFLICT (name) DO UPDATE SET value = value + excluded.value`, setThrownAway, n)
		return err
	})
	if err != nil {
		return fmt.Errorf("counting results that are older than what is kept: %w", err)
	}
	return nil
}

// syncDir makes the names in a folder durable, where the system has a call for that.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(syncFile(d), d.Close())
}
