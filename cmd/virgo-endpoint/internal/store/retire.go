package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/filelock"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

const (
	// deletedSuffix is that of a segment's file that is being removed.
	deletedSuffix = ".deleted"
	// removeStep is how much of a file is given back to the file system at once, and removePause lies between
	// two steps: a file system may be busy with one for some milliseconds, and commits wait for it.
	removeStep  = 8 << 20
	removePause = 20 * time.Millisecond
)

// A Deletion is a segment that was deleted.
type Deletion struct {
	Number         int64
	Begun, Ended   time.Time
	Results, Bytes int64
	Reason         retention.Reason
}

// retire begins to delete the oldest segment if it is due. It is not read any more when retire returns. nil if none
// is due.
func (s *Store) retire(ctx context.Context, used int64, closed func(seq int64) bool) (*Deletion, error) {
	var d *Deletion
	err := s.change(ctx, func(tx *sql.Tx) error {
		d = nil
		c, err := catalogueIn(ctx, tx)
		if err != nil {
			return err
		}
		e := c.oldest()
		if e == nil {
			return errNothingDue
		}
		p := e.policy()
		reason, rate, due := c.policy.Due(&p, used, c.clock.Age, c.rate)
		if !due || reason == retention.TooOld && !closed(e.next-1) {
			return errNothingDue
		}
		floor := c.floor.Raise(retention.Floor{Wall: e.end(), Age: p.Ended})
		err = putSettings(ctx, tx, map[string]int64{
			setFloorWall: floor.Wall.UnixMilli(), setFloorAge: floor.Age.UnixMilli(),
			setRateDay: rate.Day, setRate: rate.Deleted.Milliseconds(),
		})
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE segments SET state = ?2, merged = 0 WHERE number = ?1", e.number, segmentDeleting)
		d = &Deletion{Number: e.number, Begun: time.UnixMilli(e.begun), Ended: e.end(), Results: e.results, Bytes: e.bytes, Reason: reason}
		return err
	})
	switch {
	case errors.Is(err, errNothingDue):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("deleting the oldest results: %w", err)
	}
	return d, s.at("retired")
}

var errNothingDue = errors.New("nothing is to be deleted")

// oldest returns the sealed segment with the oldest results, if nothing older is in the way: rows of the table
// results are older than all live segments.
func (c *catalogue) oldest() *entry {
	for i := range c.entries {
		switch e := &c.entries[i]; e.state {
		case segmentSealed:
			if c.old && e.number > migratedNumbers {
				return nil // the rows of the table are older, and become segments first
			}
			return e
		case segmentOpen, segmentEnded:
			return nil
		}
	}
	return nil
}

// remove takes the results of a segment that is being deleted off the numbers of their agents, and removes its
// file when nobody reads it any more. It reports whether that is done. A kill in between leaves a state that the next call
// goes on with.
func (s *Store) remove(ctx context.Context, number int64) (done bool, err error) {
	path := s.segmentPath(number)
	if _, err := os.Lstat(path); err == nil {
		if err := s.uncount(ctx, number); err != nil {
			return false, err
		}
		if !s.bury(number) {
			return false, nil // readers in this process
		}
		if done, err := s.renameUnread(path); err != nil || !done {
			s.segments.unbury(number)
			return false, err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := s.at("renamed"); err != nil {
		return false, err
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM segments WHERE number = ? AND state = ?", number, segmentDeleting)
		return err
	})
	return err == nil, err
}

// renameUnread gives a segment that is being deleted the name of one that is being removed, unless another process reads
// segments: it may have this one open. Whoever opens segments from then on reads the catalogue first, in which it is not.
func (s *Store) renameUnread(path string) (done bool, err error) {
	lock, err := openLock(filepath.Join(s.segmentsDir(), readersLock))
	if err != nil {
		return false, err
	}
	defer lock.Close()
	if err := filelock.Lock(lock, true, false); err != nil {
		if errors.Is(err, filelock.ErrLocked) {
			err = nil
		}
		return false, err
	}
	defer filelock.Unlock(lock)
	if err := os.Rename(path, path+deletedSuffix); err != nil {
		return false, err
	}
	return true, syncDir(s.segmentsDir())
}

// uncount subtracts the results of a segment from those of its agents. What cannot be read stays counted.
func (s *Store) uncount(ctx context.Context, number int64) error {
	a, err := s.acquire(&entry{number: number, state: segmentSealed})
	if err != nil {
		if errors.Is(err, intake.ErrDamaged) {
			return nil
		}
		return err
	}
	defer a.release()
	for {
		done := false
		err := s.change(ctx, func(tx *sql.Tx) error {
			merged, err := mergedOf(ctx, tx, number, segmentDeleting)
			if err != nil {
				return err
			}
			list, last, err := s.someContacts(ctx, a.Segment, merged)
			done = last
			if errors.Is(err, intake.ErrDamaged) {
				done, err = true, nil
			}
			if err != nil {
				return err
			}
			for i := range list {
				_, err := tx.ExecContext(ctx, "UPDATE agents SET results = max(0, results - ?2) WHERE key = ?1", list[i].agent, list[i].contact.Results)
				if err != nil {
					return err
				}
				merged = list[i].agent
			}
			_, err = tx.ExecContext(ctx, "UPDATE segments SET merged = ?2 WHERE number = ?1", number, merged)
			return err
		})
		if errors.Is(err, errOtherState) {
			return nil
		}
		if err != nil || done {
			return err
		}
		if err := s.at("uncounted"); err != nil {
			return err
		}
	}
}

// sweep removes the files of deleted segments in steps. It returns how many bytes it gave back.
func (s *Store) sweep(ctx context.Context, pause func(context.Context, time.Duration) error) (freed int64, err error) {
	names, err := filepath.Glob(filepath.Join(globEscape(s.segmentsDir()), "*.db"+deletedSuffix))
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		n, err := removeInSteps(ctx, name, pause)
		if freed += n; err != nil {
			return freed, err
		}
		if err := s.at("removed"); err != nil {
			return freed, err
		}
	}
	return freed, nil
}

// removeInSteps makes a file shorter until nothing is left of it, and removes it.
func removeInSteps(ctx context.Context, path string, pause func(context.Context, time.Duration) error) (freed int64, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, err
	}
	if err := os.Chmod(path, fileMode); err != nil {
		return 0, err
	}
	for size := info.Size(); size > removeStep; {
		size -= removeStep
		if err := os.Truncate(path, size); err != nil {
			return freed, err
		}
		freed += removeStep
		if err := pause(ctx, removePause); err != nil {
			return freed, err
		}
	}
	if err := os.Remove(path); err != nil {
		return freed, err
	}
	return info.Size(), nil
}

// globEscape makes a folder's name one that filepath.Glob takes as it is.
func globEscape(dir string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(dir)
}
