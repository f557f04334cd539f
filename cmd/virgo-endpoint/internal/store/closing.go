package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/history"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

const (
	// closeAfter is how long after the end of an hour its results become columns: those that were made at its end
	// have arrived.
	closeAfter = 5 * time.Second
	// historyAgain is the time after which making columns is tried again.
	historyAgain = 10 * time.Minute
)

// keepHistory makes columns of the results that arrived in an hour when that is over, and deletes old ones, until ctx is
// done. What fails is logged once and tried again: results go on arriving, and are read from segments meanwhile.
func (s *Store) keepHistory(ctx context.Context, m *Maintenance) {
	failed := ""
	for ctx.Err() == nil {
		err := s.closeHours(ctx)
		now := m.Now()
		wait := now.Truncate(time.Hour).Add(time.Hour + closeAfter).Sub(now)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failed = ""
		case errors.Is(err, history.ErrDamagedFile):
			name, aside := s.setHistoryAside()
			if aside != nil {
				wait = min(wait, historyAgain)
				if text := aside.Error(); text != failed {
					failed = text
					m.Log.Error("the history is damaged, and could not be set aside; it is tried again", "error", errors.Join(err, aside))
				}
				break
			}
			m.Log.Error("the history was damaged, and is made again from the stored results", "error", err, "aside", name)
			wait = 0
		default:
			if err.Error() != failed {
				failed = err.Error()
				m.Log.Error("the history could not be continued; it is tried again", "error", err)
			}
			wait = min(wait, historyAgain)
		}
		if pause(ctx, max(wait, time.Second)) != nil {
			return
		}
	}
}

// closeHours makes columns of all results that are there now, one segment after the other. Rows of a store of before
// segments come first: their numbers are lower.
func (s *Store) closeHours(ctx context.Context) error {
	h, err := s.historyFile(ctx, true)
	if err != nil {
		return err
	}
	c, err := s.catalogue(ctx)
	if err != nil {
		return err
	}
	if c.old {
		return nil
	}
	for i := range c.entries {
		if err := s.advance(ctx, h, &c.entries[i]); err != nil {
			return err
		}
	}
	if c.clock.Age.IsZero() {
		return nil
	}
	return h.Expire(ctx, history.FloorsAt(historyTime(c.clock), c.policy.Keep), politely(ctx))
}

// historyTime is the time by which history ages: where the clock of a first start was ahead, what was deleted by it would be
// gone for good.
func historyTime(c retention.Clock) time.Time {
	if c.Wall.Before(c.Age) {
		return c.Wall
	}
	return c.Age
}

// advance makes columns of what a segment has now.
func (s *Store) advance(ctx context.Context, h *history.History, e *entry) error {
	if !e.state.readable() {
		return nil
	}
	next := e.next
	if e.state == segmentOpen {
		seg, err := s.acquire(e)
		if isNotExist(err) {
			err = s.missing(ctx, e)
			if err == nil {
				return nil
			}
		}
		if errors.Is(err, intake.ErrDamaged) {
			return nil // the next batch sets it aside
		}
		if err != nil {
			return err
		}
		next, err = seg.Next(ctx)
		seg.release()
		if err != nil {
			return err
		}
	}
	return h.Advance(ctx, arrivals{s}, next-1, politely(ctx))
}

// politely returns what is called between transactions: it waits for as long as the last one took, so that agents
// are served by half a processor at least.
func politely(ctx context.Context) func() error {
	const longest = time.Second
	last := time.Now()
	return func() error {
		err := pause(ctx, min(time.Since(last), longest))
		last = time.Now()
		return err
	}
}

// closed returns up to which result everything is in columns.
func (s *Store) closed(ctx context.Context) (int64, error) {
	h, err := s.historyFile(ctx, false)
	if h == nil || err != nil {
		return 0, err
	}
	return h.Closed(ctx)
}

// setHistoryAside renames a damaged history. Meanwhile nobody opens it: it would go on being read, and columns would be
// written to the file that was set aside.
func (s *Store) setHistoryAside() (name string, err error) {
	s.history.mu.Lock()
	defer s.history.mu.Unlock()
	if err := s.history.closeLocked(); err != nil {
		return "", err
	}
	name = damagedName(s.historyPath())
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(s.historyPath()+suffix, name+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("setting the history aside: %w", err)
		}
	}
	return name, nil
}
