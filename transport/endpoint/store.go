package endpoint

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite" // also the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// busyTimeout bounds how long a statement waits for another process's write lock.
	busyTimeout = 5 * time.Second
	// busyPause lies between two tries to open a file whose lock another process holds.
	busyPause = 20 * time.Millisecond
	// maxReaders bounds the read connections of one store.
	maxReaders = 4
)

// Errors of opening a store.
var (
	// ErrNoStore is returned when there is no store at the path: the folder was never set up.
	ErrNoStore = errors.New("no store there")
	// ErrNewerStore is returned when a later version of this program wrote the store.
	ErrNewerStore = errors.New("the store was written by a newer version")
)

// A Store keeps results, agents and tokens in one SQLite file. Several processes may use one file at
// the same time (WAL): one writes, the others read and never wait for it. It is safe for concurrent
// use.
//
// What a method of it has written survives kill -9 and a power cut: every commit is synced
// (synchronous=FULL).
type Store struct {
	write *sql.DB // one connection; its transactions take the write lock at once
	read  *sql.DB
	path  string
}

// CreateStore makes an empty store, readable by its owner only, and says whether it did: one that is
// there is left alone.
func CreateStore(ctx context.Context, path string) (created bool, err error) {
	// SQLite gives its -wal and -shm files the mode of the main file, so that one is made here.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, keyMode)
	switch {
	case err == nil:
		if err := f.Close(); err != nil {
			return false, fmt.Errorf("making the store %q: %w", path, err)
		}
		created = true
	case !errors.Is(err, fs.ErrExist):
		return false, fmt.Errorf("making the store %q: %w", path, err)
	}
	s, err := OpenStore(ctx, path)
	if err != nil {
		return false, err
	}
	return created, s.Close()
}

// OpenStore opens the store at path and brings its tables up to this version. Errors: ErrNoStore,
// ErrNewerStore, and what SQLite says.
func OpenStore(ctx context.Context, path string) (*Store, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening %q: %w", path, ErrNoStore)
	}
	// SQLite does not wait for a lock by itself while two processes turn a new file to WAL.
	for end := time.Now().Add(busyTimeout); ; {
		s, err := openStore(ctx, path)
		if err == nil {
			return s, nil
		}
		if !isBusy(err) || time.Now().After(end) {
			return nil, fmt.Errorf("opening the store %q: %w", path, err)
		}
		select {
		case <-time.After(busyPause):
		case <-ctx.Done():
			return nil, fmt.Errorf("opening the store %q: %w", path, ctx.Err())
		}
	}
}

func openStore(ctx context.Context, path string) (*Store, error) {
	dsn, err := storeDSN(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path}
	if s.write, err = sql.Open("sqlite", dsn+"&_txlock=immediate"); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", dsn+"&_query_only=1"); err != nil {
		s.write.Close()
		return nil, err
	}
	s.read.SetMaxOpenConns(maxReaders)
	if err := s.migrate(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// isBusy says whether another process holds the file's lock: SQLITE_BUSY, whatever its extension
// (https://www.sqlite.org/rescode.html).
func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// Close waits for what is under way and closes the file.
func (s *Store) Close() error {
	if err := errors.Join(s.read.Close(), s.write.Close()); err != nil {
		return fmt.Errorf("closing the store %q: %w", s.path, err)
	}
	return nil
}

// storeDSN names path as a SQLite URI (https://www.sqlite.org/uri.html), so that no character of it is
// taken for a parameter; mode=rw never makes a file.
func storeDSN(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // a Windows volume: file:///C:/…
	}
	u := url.URL{Scheme: "file", Path: abs}
	q := url.Values{}
	q.Set("mode", "rw")
	q.Set("_busy_timeout", fmt.Sprint(busyTimeout.Milliseconds()))
	q.Set("_journal_mode", "WAL")
	q.Set("_synchronous", "FULL")
	q.Set("_foreign_keys", "1")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// millis is t in milliseconds since the Unix epoch, as every time in the store; nil (NULL) for the zero
// time.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// fromMillis is the opposite of millis.
func fromMillis(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64)
}
