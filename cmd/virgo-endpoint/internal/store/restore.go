package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/archive"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// restoringName is the folder in which a backup is unpacked and verified, inside of the one that it is restored to.
const restoringName = "restoring"

// ErrNotEmpty is returned when a backup is to be restored to a folder that has files.
var ErrNotEmpty = errors.New("the folder is not empty")

// A RestoreReport says what a restored store has.
type RestoreReport struct {
	// Created is when the backup was begun: what arrived later, and what changed later, is not there.
	Created  time.Time
	Segments int
	// Tokens are the tokens that are valid again, Keys the agents whose keys are; some may have been revoked since.
	Tokens []intake.Token
	Keys   []intake.Identity
}

// Restore unpacks the backup at path into dir, which is made or empty. other says which further files the backup may have, by
// their names with slashes and their sizes; more, which may be nil, is called before anything is in its place, with the folder that has
// the files. After an error or a kill the folder has no store.
func Restore(ctx context.Context, path, dir string, other func(name string, size int64) bool, more func(dir string) error,
	now time.Time) (r RestoreReport, err error) {
	f, err := os.Open(path)
	if err != nil {
		return r, fmt.Errorf("reading the backup: %w", err)
	}
	defer f.Close()
	if err := makeEmpty(dir); err != nil {
		return r, fmt.Errorf("restoring into %q: %w", dir, err)
	}
	work := filepath.Join(dir, restoringName)
	defer os.RemoveAll(work)
	accept := func(name string, size int64) bool {
		return name == storeName || name == historyName || name == controlName || isSegmentName(name) || other(name, size)
	}
	head, err := archive.Extract(ctx, f, work, accept)
	if err != nil {
		return r, fmt.Errorf("reading the backup %q: %w", path, err)
	}
	r.Created = head.Created()
	if err := r.prepare(ctx, work, now); err != nil {
		return r, fmt.Errorf("restoring the backup %q: %w", path, err)
	}
	if more != nil {
		if err := more(work); err != nil {
			return r, fmt.Errorf("restoring the backup %q: %w", path, err)
		}
	}
	if err := moveFiles(work, dir); err != nil {
		return r, fmt.Errorf("restoring into %q: %w", dir, err)
	}
	return r, nil
}

// makeEmpty makes the folder, or verifies that nothing is in it but what a restoration left that was killed.
func makeEmpty(dir string) error {
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return err
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.Name() != restoringName {
			return fmt.Errorf("%w: it has %q", ErrNotEmpty, e.Name())
		}
	}
	return os.RemoveAll(filepath.Join(dir, restoringName))
}

// isSegmentName reports whether a name in a backup is that of a segment.
func isSegmentName(name string) bool {
	number, ok := strings.CutPrefix(name, segmentsName+"/")
	if !ok {
		return false
	}
	number, ok = strings.CutSuffix(number, ".db")
	if !ok || len(number) < 6 || len(number) > 18 {
		return false
	}
	return strings.Trim(number, "0123456789") == ""
}

// prepare makes the catalogue fit the files, verifies what it names, and reports what is valid again.
func (r *RestoreReport) prepare(ctx context.Context, dir string, now time.Time) error {
	if err := checkForeign(ctx, dir); err != nil {
		return err
	}
	s, err := Open(ctx, filepath.Join(dir, storeName))
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Verify(ctx); err != nil {
		return err
	}
	if r.Segments, err = s.adopt(ctx); err != nil {
		return err
	}
	tokens, err := s.Tokens(ctx)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if t.State(now) == "valid" {
			r.Tokens = append(r.Tokens, t)
		}
	}
	agents, err := s.Agents(ctx, "")
	if err != nil {
		return err
	}
	for i := range agents {
		if who := &agents[i].Who; who.Key != nil && who.Revoked.IsZero() {
			r.Keys = append(r.Keys, *who)
		}
	}
	if err := s.shrink(ctx); err != nil {
		return err
	}
	return s.Close()
}

// adopt makes the catalogue of a backup fit its files: the segment that was open is sealed, one that was empty, or being
// deleted or filled, is not there.
func (s *Store) adopt(ctx context.Context) (segments int, err error) {
	deleting := false
	err = s.change(ctx, func(tx *sql.Tx) error {
		segments, deleting = 0, false
		c, err := catalogueIn(ctx, tx)
		if err != nil {
			return err
		}
		for i := range c.entries {
			e := &c.entries[i]
			_, missing := os.Stat(s.segmentPath(e.number))
			switch {
			case e.state == segmentDamaged:
			case e.state == segmentDeleting, e.state == segmentFilling, e.state == segmentOpen && errors.Is(missing, fs.ErrNotExist):
				deleting = deleting || e.state == segmentDeleting
				_, err = tx.ExecContext(ctx, "DELETE FROM segments WHERE number = ?", e.number)
			case missing != nil:
				err = fmt.Errorf("%w: it has no segment %d", archive.ErrIncomplete, e.number)
			case e.state == segmentOpen:
				_, err = s.end(ctx, tx, e, c.clock)
			}
			if err != nil {
				return err
			}
			if missing == nil && e.state.readable() {
				segments++
			}
		}
		return nil
	})
	if err == nil && deleting {
		err = s.recount(ctx)
	}
	return segments, err
}

// recount counts the results of agents anew. Those of a segment that was being deleted when the backup was made may
// still be counted, and its file is not there to tell.
func (s *Store) recount(ctx context.Context) error {
	c, err := s.catalogue(ctx)
	if err != nil {
		return err
	}
	counts := map[int64]int64{}
	for i := range c.entries {
		e := &c.entries[i]
		if e.state != segmentSealed && e.state != segmentEnded {
			continue
		}
		a, err := s.acquire(e)
		if err != nil {
			return err
		}
		err = a.Contacts(ctx, math.MinInt64, func(agent int64, k *segment.Contact) error {
			if e.isMerged(agent) {
				counts[agent] += k.Results
			}
			return nil
		})
		a.release()
		if err != nil {
			return err
		}
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		left := "0"
		if c.hasOld {
			left = "(SELECT count(*) FROM results WHERE results.agent = agents.key AND seq > ?)"
		}
		if _, err := tx.ExecContext(ctx, "UPDATE agents SET results = "+left, c.migrated); err != nil {
			return err
		}
		for agent, n := range counts {
			if _, err := tx.ExecContext(ctx, "UPDATE agents SET results = results + ? WHERE key = ?", n, agent); err != nil {
				return err
			}
		}
		return nil
	})
}

// moveFiles moves what was restored to its place, the store last: without it there is nothing to serve.
func moveFiles(from, to string) error {
	list, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	move := func(name string) error { return os.Rename(filepath.Join(from, name), filepath.Join(to, name)) }
	for _, e := range list {
		if e.Name() != storeName {
			if err := move(e.Name()); err != nil {
				return err
			}
		}
	}
	if err := syncDir(to); err != nil {
		return err
	}
	if err := move(storeName); err != nil {
		return err
	}
	return syncDir(to)
}
