package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"

	"modernc.org/sqlite"
)

// snapshotPages is how many pages are copied before ctx is asked again.
const snapshotPages = 1024

// A snapshot is a SQLite file as it is at one moment, however much is written meanwhile. Until it is closed, the
// file's log grows.
type snapshot struct {
	path string
	conn driver.Conn
}

// openSnapshot begins a snapshot of the file at path.
func openSnapshot(ctx context.Context, path string) (*snapshot, error) {
	dsn, err := dataSource(path)
	if err != nil {
		return nil, err
	}
	conn, err := new(sqlite.Driver).Open(dsn + "&_query_only=1")
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", path, named(err))
	}
	n := &snapshot{path: path, conn: conn}
	// BEGIN alone reads nothing: the snapshot is of the moment of the first read.
	for _, q := range []string{"BEGIN", "SELECT count(*) FROM sqlite_schema"} {
		if err := n.run(ctx, q); err != nil {
			conn.Close()
			return nil, fmt.Errorf("reading %q: %w", path, named(err))
		}
	}
	return n, nil
}

func (n *snapshot) run(ctx context.Context, query string) error {
	rows, err := n.conn.(driver.QueryerContext).QueryContext(ctx, query, nil)
	if err != nil {
		return err
	}
	values := make([]driver.Value, len(rows.Columns()))
	for err == nil {
		err = rows.Next(values)
	}
	return rows.Close()
}

// writeTo writes the snapshot to a new file, synced.
func (n *snapshot) writeTo(ctx context.Context, path string) error {
	if err := n.copyTo(ctx, path); err != nil {
		return fmt.Errorf("copying %q: %w", n.path, named(err))
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (n *snapshot) copyTo(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	source, ok := n.conn.(interface {
		NewBackup(string) (*sqlite.Backup, error)
	})
	if !ok {
		return errors.New("the driver of SQLite makes no copies")
	}
	b, err := source.NewBackup((&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String())
	if err != nil {
		return err
	}
	for more := true; more && err == nil; {
		if more, err = b.Step(snapshotPages); err == nil {
			err = ctx.Err()
		}
	}
	return errors.Join(err, b.Finish())
}

func (n *snapshot) close() error { return n.conn.Close() }
