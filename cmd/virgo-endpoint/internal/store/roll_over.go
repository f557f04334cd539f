package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
	"virgo/schedule/shorttext"
)

const (
	// hourBytes is the size of a segment from which on a new one begins with the next hour.
	hourBytes = 512 << 20
	// boundShare is the part of the store's bound in bytes that one segment may have, so that there is always
	// something to delete.
	boundShare = 16
	// minSegmentBytes is what a segment may have on however small a disk.
	minSegmentBytes = 4 << 20
	// lostNumbers are left out behind a segment of which nobody knows how far it went.
	lostNumbers = 1 << 40
)

// openEntry returns the segment that results arrive in, and makes the first one.
func (s *Store) openEntry(ctx context.Context, c *catalogue, now time.Time) (*entry, error) {
	if e := c.open(); e != nil {
		return e, nil
	}
	if err := s.rollOver(ctx, 0, now); err != nil {
		return nil, err
	}
	c, err := s.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	e := c.open()
	if e == nil {
		return nil, errors.New("the store has no segment that results can arrive in")
	}
	return e, nil
}

// wantsRollOver reports whether a new segment is to begin instead of the open one, of this size.
func (c *catalogue) wantsRollOver(e *entry, bytes int64, age time.Time) bool {
	begun := time.UnixMilli(e.begunAge)
	switch {
	case retention.DayOf(age) != retention.DayOf(begun):
		return true
	case bytes >= hourBytes && retention.HourOf(age) != retention.HourOf(begun):
		return true
	}
	return c.policy.MaxBytes > 0 && bytes > max(minSegmentBytes, c.policy.MaxBytes/boundShare)
}

// rollOver seals the open segment, if it still has the number from, and begins a new one. It goes on with a roll-over
// in which another process died. from is 0 if there is no open segment.
func (s *Store) rollOver(ctx context.Context, from int64, now time.Time) error {
	err := s.change(ctx, func(tx *sql.Tx) error { return s.rollOverIn(ctx, tx, from, now) })
	if err != nil {
		return fmt.Errorf("beginning a new segment: %w", err)
	}
	return nil
}

// rollOverIn does it in a transaction, whose write lock lets nobody else begin a segment.
func (s *Store) rollOverIn(ctx context.Context, tx *sql.Tx, from int64, now time.Time) error {
	c, err := catalogueIn(ctx, tx)
	if err != nil {
		return err
	}
	open := c.open()
	switch {
	case open == nil && from != 0, open != nil && open.number != from:
		return nil // another process was faster
	}
	clock, _ := c.clock.Advance(now)
	// Rows of the table, which the clock begins with, too.
	if c.clock.Age.IsZero() {
		err := putSettings(ctx, tx, map[string]int64{setWall: clock.Wall.UnixMilli(), setAge: clock.Age.UnixMilli()})
		if err != nil {
			return err
		}
	}
	var dictionary []byte
	if open != nil {
		if dictionary, err = s.end(ctx, tx, open, clock); err != nil {
			return err
		}
	}
	return s.beginSegment(ctx, tx, c, clock, dictionary)
}

// end seals the open segment and notes that it is over. It returns the dictionary for the next one.
func (s *Store) end(ctx context.Context, tx *sql.Tx, e *entry, clock retention.Clock) (dictionary []byte, err error) {
	a, err := s.acquire(e)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errors.Join(s.missing(ctx, e), err)
	}
	if err != nil {
		return nil, err
	}
	defer a.release()
	dictionary, err = a.Sample(ctx, segment.MaxDictionary)
	switch {
	case errors.Is(err, intake.ErrDamaged):
		dictionary = nil // without one the next segment is only larger
	case err != nil:
		return nil, inSegment(e.number, err)
	}
	// From this commit on, nobody writes to it. Whoever dies before the catalogue says so leaves a sealed
	// segment that is the open one; the next writer comes here.
	t, err := a.Begin(ctx)
	if err == nil {
		err = t.Seal()
		if err != nil {
			t.Rollback()
		}
	}
	if err != nil && !errors.Is(err, segment.ErrSealed) {
		return nil, inSegment(e.number, err)
	}
	bounds, err := a.Bounds(ctx)
	if err != nil {
		return nil, inSegment(e.number, err)
	}
	e.next = bounds.Next
	if err := s.at("sealed"); err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, "UPDATE segments SET state = ?2, next = ?3, ended_ms = ?4, ended_age_ms = ?5, bytes = ?6 WHERE number = ?1",
		e.number, segmentEnded, e.next, clock.Wall.UnixMilli(), clock.Age.UnixMilli(), fileBytes(a.Path()))
	return dictionary, err
}

// beginSegment makes a file and names it in the catalogue. A file of that number is one of a roll-over that was
// not committed: nobody has written to it.
func (s *Store) beginSegment(ctx context.Context, tx *sql.Tx, c *catalogue, clock retention.Clock, dictionary []byte) error {
	first, number, err := c.next(ctx, tx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.segmentsDir(), folderMode); err != nil {
		return err
	}
	if err := s.removeUnnamed(number); err != nil {
		return err
	}
	err = segment.Create(s.segmentPath(number), segment.Options{Number: number, First: first, Begun: clock.Wall, Dictionary: dictionary})
	if err != nil {
		return err
	}
	if err := s.at("created"); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO segments (number, first, state, begun_ms, begun_age_ms) VALUES (?, ?, ?, ?, ?)",
		number, first, segmentOpen, clock.Wall.UnixMilli(), clock.Age.UnixMilli())
	return err
}

// removeUnnamed removes a segment's file that the catalogue never named.
func (s *Store) removeUnnamed(number int64) error {
	s.forget(number)
	path := s.segmentPath(number)
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// setAside takes a damaged segment out of use: its files are renamed, and it is neither read nor written any
// more. If it is the open one, the next batch begins a new one. cause is the damage.
func (s *Store) setAside(ctx context.Context, number int64, cause error) (name string, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		c, err := catalogueIn(ctx, tx)
		if err != nil {
			return err
		}
		e := c.of(number)
		if e == nil || !e.state.readable() {
			return nil // another process has done it
		}
		next := e.next
		if next == 0 {
			next = e.first + lostNumbers
			for _, other := range c.entries {
				if other.first > e.first {
					next = min(next, other.first)
				}
			}
		}
		clock, _ := c.clock.Advance(time.UnixMilli(max(e.ended, e.begun)))
		_, err = tx.ExecContext(ctx, `UPDATE segments SET state = ?2, next = ?3, damage = ?4,
			ended_ms = max(ended_ms, begun_ms), ended_age_ms = CASE ended_age_ms WHEN 0 THEN ?5 ELSE ended_age_ms END WHERE number = ?1`,
			number, segmentDamaged, next, shorttext.Truncate(cause.Error(), maxDamageBytes), clock.Age.UnixMilli())
		return errors.Join(err, s.at("set aside"))
	})
	if err == nil {
		name, err = s.renameDamaged(number)
	}
	if err != nil {
		return "", fmt.Errorf("setting the damaged segment %q aside: %w", s.segmentPath(number), err)
	}
	return name, nil
}

// maxDamageBytes bounds the text about a damage in the catalogue.
const maxDamageBytes = 500

// renameDamaged gives a damaged segment's files names that nothing opens. It returns the new name of the file.
func (s *Store) renameDamaged(number int64) (name string, err error) {
	s.forget(number)
	path := s.segmentPath(number)
	name = damagedName(path)
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, name+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return name, syncDir(s.segmentsDir())
}

// damagedName returns the first name that is free: PATH.damaged-1, -2 and so on.
func damagedName(path string) string {
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s.damaged-%d", path, n)
		if _, err := os.Lstat(name); errors.Is(err, os.ErrNotExist) {
			return name
		}
	}
}

// IsSegmentDamaged reports whether an error is about damage in a segment, which costs its own results alone.
func IsSegmentDamaged(err error) bool {
	_, ok := isDamaged(err)
	return ok
}

// isDamaged reports which segment an error is about, if it is about damage in one.
func isDamaged(err error) (number int64, ok bool) {
	var of *segmentError
	if errors.Is(err, intake.ErrDamaged) && errors.As(err, &of) {
		return of.number, true
	}
	return 0, false
}

// fileBytes is the size of a file and its log; what has no file has none.
func fileBytes(path string) (n int64) {
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(path + suffix); err == nil {
			n += info.Size()
		}
	}
	return n
}
