package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A Compaction says how large a file was and is, in bytes.
type Compaction struct {
	File          string
	Before, After int64
}

// Compact makes the files small that can be: those that are changed in place. Segments are written once, and deleted as they are. It
// takes as much free space as the largest of them has content; while a file is copied, others can read it.
func (s *Store) Compact(ctx context.Context) (list []Compaction, err error) {
	if err := s.damaged(); err != nil {
		return nil, err
	}
	before := fileBytes(s.path)
	if err := s.shrink(ctx); err != nil {
		return nil, fmt.Errorf("compacting %q: %w", s.path, s.stopIfDamaged(err))
	}
	list = append(list, Compaction{storeName, before, fileBytes(s.path)})
	for _, name := range []string{historyName, controlName} {
		path := filepath.Join(filepath.Dir(s.path), name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		before = fileBytes(path)
		if err := shrinkFile(ctx, path); err != nil {
			return list, fmt.Errorf("compacting %q: %w", path, err)
		}
		list = append(list, Compaction{name, before, fileBytes(path)})
	}
	return list, nil
}

func shrinkFile(ctx context.Context, path string) error {
	dsn, err := dataSource(path)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return named(err)
		}
	}
	return nil
}
