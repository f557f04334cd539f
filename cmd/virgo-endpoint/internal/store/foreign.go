package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/store/archive"
)

// checkForeign returns an error if a database of a backup has more than tables and their indexes: triggers, views and
// virtual tables run when something else is read or written, and the endpoint makes none. Error: archive.ErrNotBackup.
func checkForeign(ctx context.Context, dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".db") {
			return err
		}
		kind, name, err := foreign(ctx, path)
		if err != nil {
			return fmt.Errorf("reading what %q has: %w", entry.Name(), named(err))
		}
		if name != "" {
			return fmt.Errorf("%w: %q has a %s %.200q", archive.ErrNotBackup, entry.Name(), kind, name)
		}
		return nil
	})
}

// foreign is the first thing in a database that is no table and no index. Its name is empty if there is none.
func foreign(ctx context.Context, path string) (kind, name string, err error) {
	dsn, err := dataSource(path)
	if err != nil {
		return "", "", err
	}
	file, _, _ := strings.Cut(dsn, "?")
	db, err := sql.Open("sqlite", file+"?mode=ro&immutable=1") // it is not even made ready to be written
	if err != nil {
		return "", "", err
	}
	defer db.Close()
	// What is not stored in pages of its own is computed by something else.
	err = db.QueryRowContext(ctx, "SELECT substr(type, 1, 20), substr(name, 1, 200) FROM sqlite_schema "+
		"WHERE type NOT IN ('table', 'index') OR coalesce(rootpage, 0) = 0 LIMIT 1").Scan(&kind, &name)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return kind, name, err
}
