package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/filelock"
	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	// maintainEach is the time between two rounds of maintenance.
	maintainEach = time.Minute
	// saveClockEach is how often the clock by which results age is saved.
	saveClockEach = time.Hour
	// migrateAgain is the time after which a migration that could not go on is tried again.
	migrateAgain = 10 * time.Minute
)

// A Maintenance is what [Store.Maintain] needs.
type Maintenance struct {
	Log *slog.Logger
	Now func() time.Time
	// Closed returns the number up to which results are in columns: segments with later ones are not deleted for
	// their age. nil if there is no history.
	Closed func(ctx context.Context) (int64, error)
}

// ErrMaintained is returned by Maintain when another process maintains the store.
var ErrMaintained = errors.New("another process serves this folder")

// Maintain keeps the store in order until ctx is done: it begins and seals segments, deletes what is due, and moves the
// rows of a store of before segments. One process at a time does; the error of a second one is ErrMaintained.
func (s *Store) Maintain(ctx context.Context, m Maintenance) error {
	unlock, err := s.becomeMaintainer()
	if err != nil {
		return err
	}
	defer unlock()
	var migrating sync.WaitGroup
	defer migrating.Wait()
	migrating.Go(func() { s.migrateAll(ctx, &m) })
	if m.Closed == nil {
		m.Closed = s.closed
	}
	migrating.Go(func() { s.keepHistory(ctx, &m) })
	var was state
	for {
		s.round(ctx, &m, &was)
		if err := pause(ctx, maintainEach); err != nil {
			return nil
		}
	}
}

// becomeMaintainer makes this process the one that maintains the store.
func (s *Store) becomeMaintainer() (unlock func(), err error) {
	if err := os.MkdirAll(s.segmentsDir(), folderMode); err != nil {
		return nil, err
	}
	f, err := openLock(filepath.Join(s.segmentsDir(), maintainLock))
	if err != nil {
		return nil, err
	}
	if err := filelock.Lock(f, true, false); err != nil {
		f.Close()
		if errors.Is(err, filelock.ErrLocked) {
			err = ErrMaintained
		}
		return nil, err
	}
	s.segments.setMaintainer(true)
	return func() {
		s.segments.setMaintainer(false)
		filelock.Unlock(f)
		f.Close()
	}, nil
}

func (set *segmentSet) setMaintainer(is bool) {
	set.mu.Lock()
	defer set.mu.Unlock()
	set.maintainer = is
}

// A state is what was said at the end of the last round, so that it is not said again.
type state struct {
	full, waits bool
	failed      string
}

// round does what is due now. What fails is logged once, and tried again in the next round.
func (s *Store) round(ctx context.Context, m *Maintenance, was *state) {
	err := s.upkeep(ctx, m, was)
	switch {
	case ctx.Err() != nil:
	case err == nil:
		was.failed = ""
	case err.Error() != was.failed:
		was.failed = err.Error()
		log := m.Log.Error
		if errors.Is(err, intake.ErrFull) {
			log = m.Log.Warn
		}
		log("the store could not be maintained; it is tried again each minute", "error", err)
	}
}

func (s *Store) upkeep(ctx context.Context, m *Maintenance, was *state) error {
	now := m.Now()
	c, err := s.catalogue(ctx)
	if err != nil {
		return err
	}
	clock, jump := c.clock.Advance(now)
	if jump != nil {
		m.Log.Warn("the clock of this host made a jump, or the endpoint was off: " + jump.String())
	}
	// Each commit costs readers what they remember of this file.
	if jump != nil || c.clock.Age.IsZero() || now.Before(c.clock.Wall) || now.Sub(c.clock.Wall) >= saveClockEach {
		if c, err = s.saveClock(ctx, now); err != nil {
			return fmt.Errorf("saving the clock by which results age: %w", err)
		}
	}
	s.tellSpace(c, m, was)
	if e := c.open(); e != nil && c.wantsRollOver(e, fileBytes(s.segmentPath(e.number)), clock.Age) {
		err := s.rollOver(ctx, e.number, now)
		if number, ok := isDamaged(err); ok && number == e.number {
			_, err = s.setAside(ctx, number, err)
		}
		if err != nil {
			return err
		}
		if c, err = s.catalogue(ctx); err != nil {
			return err
		}
	}
	if err := s.finishAll(ctx, c); err != nil {
		return err
	}
	if err := s.renameLeft(c); err != nil {
		return err
	}
	return s.retireAll(ctx, m, was)
}

// saveClock moves the retention clock to now.
func (s *Store) saveClock(ctx context.Context, now time.Time) (*catalogue, error) {
	err := s.change(ctx, func(tx *sql.Tx) error {
		all, err := settings(ctx, tx)
		if err != nil {
			return err
		}
		clock, _ := clockOf(all).Advance(now)
		return putSettings(ctx, tx, map[string]int64{setWall: clock.Wall.UnixMilli(), setAge: clock.Age.UnixMilli()})
	})
	if err != nil {
		return nil, err
	}
	return s.catalogue(ctx)
}

// tellSpace logs when the free space falls below the floor, and when there is enough again.
func (s *Store) tellSpace(c *catalogue, m *Maintenance, was *state) {
	full := s.hasSpace(c)
	switch {
	case full != nil && !was.full:
		args := []any{"error", full}
		var space *intake.FullError
		if errors.As(full, &space) {
			args = append(args, "hint", space.Hint())
		}
		m.Log.Error("nothing is stored any more; agents keep their results", args...)
	case full == nil && was.full:
		m.Log.Info("there is free space again: results are stored")
	}
	was.full = full != nil
}

// finishAll seals the segments that ended, in their order.
func (s *Store) finishAll(ctx context.Context, c *catalogue) error {
	for i := range c.entries {
		if e := &c.entries[i]; e.state == segmentEnded {
			if err := s.finish(ctx, e); err != nil {
				if number, ok := isDamaged(err); ok && number == e.number {
					_, err = s.setAside(ctx, number, err)
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// renameLeft gives damaged segments their other names, where a kill came between.
func (s *Store) renameLeft(c *catalogue) error {
	for _, e := range c.entries {
		if e.state != segmentDamaged {
			continue
		}
		if _, err := os.Lstat(s.segmentPath(e.number)); err == nil {
			if _, err := s.renameDamaged(e.number); err != nil {
				return err
			}
		}
	}
	return nil
}

// retireAll deletes what is due, and goes on with what was begun.
func (s *Store) retireAll(ctx context.Context, m *Maintenance, was *state) error {
	closed := func(int64) bool { return true }
	if m.Closed != nil {
		seq, err := m.Closed(ctx)
		if err != nil {
			return fmt.Errorf("looking up what is in columns: %w", err)
		}
		closed = func(last int64) bool { return last <= seq }
	}
	for {
		if err := s.removeRetired(ctx, m, was); err != nil {
			return err
		}
		used, err := s.usedBytes(ctx)
		if err != nil {
			return err
		}
		d, err := s.retire(ctx, used, closed)
		if err != nil || d == nil {
			return err
		}
		m.Log.Info("deleting the oldest results", "arrived_from", d.Begun.UTC().Format(time.RFC3339),
			"arrived_until", d.Ended.UTC().Format(time.RFC3339), "results", d.Results, "bytes", d.Bytes, "reason", d.Reason.String())
	}
}

// removeRetired removes the files of segments that are being deleted.
func (s *Store) removeRetired(ctx context.Context, m *Maintenance, was *state) error {
	c, err := s.catalogue(ctx)
	if err != nil {
		return err
	}
	waits := 0
	for _, e := range c.entries {
		if e.state != segmentDeleting {
			continue
		}
		done, err := s.remove(ctx, e.number)
		if err != nil {
			return fmt.Errorf("deleting segment %d: %w", e.number, err)
		}
		if !done {
			waits++
		}
	}
	if _, err := s.sweep(ctx, pause); err != nil {
		return fmt.Errorf("removing the files of deleted segments: %w", err)
	}
	if waits > 0 && was.waits {
		m.Log.Warn("files of deleted results take space until whoever reads them is done", "files", waits)
	}
	was.waits = waits > 0
	return nil
}

// migrateAll moves the rows of a store of before segments, until that is done.
func (s *Store) migrateAll(ctx context.Context, m *Maintenance) {
	var failed string
	began, said := false, time.Time{}
	for {
		now := m.Now()
		p, err := s.moveOn(ctx, now)
		wait := time.Duration(0)
		var hinted interface{ Hint() string }
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && p.Done:
			if began {
				m.Log.Info("all results of before are in segments", "results", p.Moved)
			}
			return
		case err == nil:
			if !began || now.Sub(said) >= maintainEach {
				m.Log.Info("moving the results of before into segments", "done", p.Moved, "of", p.Total)
				began, said = true, now
			}
			failed = ""
		default:
			wait = migrateAgain
			if text := err.Error(); text != failed {
				failed = text
				args := []any{"error", err}
				if errors.As(err, &hinted) {
					args = append(args, "hint", hinted.Hint())
				}
				m.Log.Warn("results of before stay where they are; it is tried again", args...)
			}
		}
		if err := pause(ctx, wait); err != nil {
			return
		}
	}
}
