package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"virgo/cmd/virgo-endpoint/internal/filelock"
	"virgo/cmd/virgo-endpoint/internal/store/archive"
)

const (
	// storeName and historyName are the names of files in a backup; segments are below segmentsName.
	storeName, historyName, segmentsName = "endpoint.db", "history.db", "segments"
	// controlName is that of package control's file, which the endpoint may not have.
	controlName = "control.db"
	// finishWait is how long a backup waits for readers that are in the way of moving a log into its file.
	finishWait = 30 * time.Second
	// partsSuffix is that of the folder in which copies are made, beside the backup.
	partsSuffix = ".parts"
)

// A BackupReport says what a backup has.
type BackupReport struct {
	Segments       int
	Results, Bytes int64
	// Files are the names of the other files.
	Files []string
	// Damaged are the segments that were set aside, which are not part of it.
	Damaged []int64
}

// A BackupFile is another file that is to be in a backup.
type BackupFile struct{ Name, Path string }

// Backup writes all of the store to one file, while others use the store; see the package comment. more are further
// files of the endpoint's folder.
func (s *Store) Backup(ctx context.Context, path string, more []BackupFile, now time.Time) (r BackupReport, err error) {
	w, err := archive.Create(path, now)
	if err != nil {
		return r, fmt.Errorf("writing the backup: %w", err)
	}
	defer w.Abort()
	b := &backup{s: s, ctx: ctx, w: w, now: now, parts: path + partsSuffix}
	if err := b.all(more); err != nil {
		return b.report, fmt.Errorf("writing the backup %q: %w", path, s.stopIfDamaged(err))
	}
	if b.report.Bytes, err = w.Commit(); err != nil {
		return b.report, fmt.Errorf("writing the backup %q: %w", path, err)
	}
	return b.report, nil
}

// A backup is one under way.
type backup struct {
	s      *Store
	ctx    context.Context
	w      *archive.Writer
	now    time.Time
	parts  string
	report BackupReport
}

func (b *backup) all(more []BackupFile) error {
	unpin, err := b.s.pin()
	if err != nil {
		return err
	}
	defer unpin()
	// What a kill left.
	if err := os.RemoveAll(b.parts); err != nil {
		return err
	}
	if err := os.Mkdir(b.parts, folderMode); err != nil {
		return err
	}
	defer os.RemoveAll(b.parts)
	for _, f := range more {
		if err := b.add(f.Name, f.Path); err != nil {
			return err
		}
	}
	if err := b.addOthers(); err != nil {
		return err
	}
	identities, err := b.moment()
	if err != nil {
		return err
	}
	defer identities.close()
	copied := filepath.Join(b.parts, storeName)
	if err := identities.writeTo(b.ctx, copied); err != nil {
		return err
	}
	if err := b.addSegments(copied); err != nil {
		return err
	}
	return b.add(storeName, copied)
}

// pin keeps files of segments from being removed, by whatever process.
func (s *Store) pin() (unpin func(), err error) {
	if err := os.MkdirAll(s.segmentsDir(), folderMode); err != nil {
		return nil, err
	}
	lock, err := openLock(filepath.Join(s.segmentsDir(), readersLock))
	if err != nil {
		return nil, err
	}
	if err := filelock.Lock(lock, false, true); err != nil {
		lock.Close()
		return nil, fmt.Errorf("locking the segments: %w", err)
	}
	return func() {
		filelock.Unlock(lock)
		lock.Close()
	}, nil
}

func (b *backup) add(name, path string) error {
	if _, err := b.w.AddFile(name, path); err != nil {
		return err
	}
	b.report.Files = append(b.report.Files, name)
	return b.s.at("added")
}

// addOthers is first. What history lacks is computed again from segments; the cursors of control.db must not be ahead of
// the results, so alarms may be told once more, and none is forgotten.
func (b *backup) addOthers() error {
	for _, name := range []string{historyName, controlName} {
		if err := b.addCopy(name, filepath.Join(filepath.Dir(b.s.path), name)); err != nil {
			return err
		}
	}
	return nil
}

// addCopy adds a file as it is at one moment, if there is one.
func (b *backup) addCopy(name, path string) error {
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("adding %q to the backup: %w", name, archive.ErrNotRegular)
	}
	n, err := openSnapshot(b.ctx, path)
	if err != nil {
		return err
	}
	defer n.close()
	copied := filepath.Join(b.parts, name)
	if err := n.writeTo(b.ctx, copied); err != nil {
		return err
	}
	if err := b.add(name, copied); err != nil {
		return err
	}
	return os.Remove(copied)
}

// moment ends the open segment and begins a snapshot of the identities, both at the same moment: while it has the
// write lock of this file, nobody enrols, and nothing arrives in the segment once it is sealed.
func (b *backup) moment() (n *snapshot, err error) {
	err = b.s.change(b.ctx, func(tx *sql.Tx) error {
		c, err := catalogueIn(b.ctx, tx)
		if err != nil {
			return err
		}
		if e := c.open(); e != nil {
			empty, err := b.isEmpty(e)
			if err != nil {
				return err
			}
			if !empty {
				if err := b.s.rollOverIn(b.ctx, tx, e.number, b.now); err != nil {
					return err
				}
			}
		}
		// It does not see this transaction: its catalogue names the segment as open, and not the next one.
		n, err = openSnapshot(b.ctx, b.s.path)
		return err
	})
	if err != nil && n != nil {
		n.close()
	}
	if err == nil {
		err = b.s.at("moment")
	}
	return n, err
}

func (b *backup) isEmpty(e *entry) (bool, error) {
	a, err := b.s.acquire(e)
	if err != nil {
		return false, err
	}
	defer a.release()
	bounds, err := a.Bounds(b.ctx)
	return bounds.Empty, err
}

// addSegments copies the segments that the catalogue of the snapshot names.
func (b *backup) addSegments(identities string) error {
	dsn, err := dataSource(identities)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	c, err := catalogueIn(b.ctx, db)
	if err != nil {
		return err
	}
	for i := range c.entries {
		e := &c.entries[i]
		switch e.state {
		case segmentDamaged:
			b.report.Damaged = append(b.report.Damaged, e.number)
			continue
		case segmentOpen:
			if now, err := b.s.catalogue(b.ctx); err != nil || now.of(e.number) != nil && now.of(e.number).state == segmentOpen {
				if err != nil {
					return err
				}
				continue // it had no results, and was left open
			}
		case segmentEnded, segmentSealed:
		default:
			continue
		}
		if e.state != segmentSealed {
			if err := b.finish(e); err != nil {
				return err
			}
		}
		if err := b.addSegment(e); err != nil {
			return err
		}
	}
	// The log of the copy is part of the copy.
	_, err = db.ExecContext(b.ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// finish moves the log of a segment that ended into its file; the server may be doing the same.
func (b *backup) finish(e *entry) error {
	for end := time.Now().Add(finishWait); ; {
		a, err := b.s.acquire(e)
		if err != nil {
			return err
		}
		err = a.Finish(b.ctx)
		a.release()
		b.s.forget(e.number)
		if err == nil || time.Now().After(end) {
			return err
		}
		if err := pause(b.ctx, busyPause); err != nil {
			return err
		}
	}
}

func (b *backup) addSegment(e *entry) error {
	b.s.forget(e.number)
	// If the server deletes it, its file stays while segments are locked.
	if _, err := b.w.AddFile(segmentsName+"/"+segmentName(e.number), b.s.segmentPath(e.number)); err != nil {
		return err
	}
	b.report.Segments++
	b.report.Results += e.results
	return b.s.at("segment added")
}
