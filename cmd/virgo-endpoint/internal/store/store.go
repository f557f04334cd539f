package store

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
	"sync"
	"sync/atomic"
	"time"

	"virgo/cmd/virgo-endpoint/internal/store/retention"

	"modernc.org/sqlite" // also the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// busyTimeout bounds how long a statement waits for another process's write lock.
	busyTimeout = 5 * time.Second
	// busyPause lies between two attempts to open a file that another process has locked.
	busyPause = 20 * time.Millisecond
	// maxReaders bounds the connections of those who read results; maxAskers those by which intake asks who may store
	// what, one of which watches for changes.
	maxReaders, maxAskers = 4, 4
	// fileMode is the mode of the store. SQLite creates its -wal and -shm files with the same mode.
	fileMode fs.FileMode = 0o600
)

// Errors of opening a store.
var (
	// ErrNotFound is returned when there is no store at the path: the folder was never set up.
	ErrNotFound = errors.New("no store there")
	// ErrNewer is returned when a later version of this program wrote the store.
	ErrNewer = errors.New("the store was written by a newer version")
)

// A Store keeps results, agents and tokens in one SQLite file. Several processes may use one file at
// the same time: one writes, the others read and never wait for it. It implements intake.Intake,
// intake.History and intake.Keys, and is safe for concurrent use.
type Store struct {
	write *sql.DB // one connection; its transactions take the write lock at once
	read  *sql.DB
	ask   *sql.DB // reads for intake, which waits for no reader of results
	path  string

	// damage is set when damage was found: then nothing is stored any more.
	damage atomic.Pointer[error]

	// appending is held by whoever stores a batch.
	appending sync.Mutex
	agents    knownAgents

	segments segmentSet
	history  openHistory
	names    agentNames // for After
	// known is the catalogue, read when the file was at version knownAt; watch is the connection that tells that.
	watching sync.Mutex
	watch    *sql.Conn
	version  *sql.Stmt // of watch
	known    *catalogue
	knownAt  int64

	// freeSpace replaces retention.Free in tests, and step is called there after each step that a kill
	// could follow.
	freeSpace func() (retention.Space, error)
	step      func(name string) error
	// mergeAtOnce replaces mergeAgents in tests, and with step the number of agents in a transaction of the history;
	// reorderBytes replaces maxReorder.
	mergeAtOnce, reorderBytes int

	preparing sync.Mutex
	prepared  *statements // of write; nil until the first transaction
	// agentRow reads who an agent is, contactRow what its row says of its contact.
	agentRow, contactRow *sql.Stmt
}

// Create makes an empty store if there is none, and reports whether it did.
func Create(ctx context.Context, path string) (created bool, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	switch {
	case err == nil:
		if err := f.Close(); err != nil {
			return false, fmt.Errorf("creating the store %q: %w", path, err)
		}
		created = true
	case !errors.Is(err, fs.ErrExist):
		return false, fmt.Errorf("creating the store %q: %w", path, err)
	}
	s, err := Open(ctx, path)
	if err != nil {
		return false, err
	}
	return created, s.Close()
}

// Open opens the store at path and migrates its tables to this version. Errors: ErrNotFound, ErrNewer,
// and those of SQLite.
func Open(ctx context.Context, path string) (*Store, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening %q: %w", path, ErrNotFound)
	}
	// SQLite itself does not wait for the lock while another process switches a new file to WAL.
	for end := time.Now().Add(busyTimeout); ; {
		s, err := open(ctx, path)
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

func open(ctx context.Context, path string) (*Store, error) {
	dsn, err := dataSource(path)
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
	if s.ask, err = sql.Open("sqlite", dsn+"&_query_only=1"); err != nil {
		s.read.Close()
		s.write.Close()
		return nil, err
	}
	s.ask.SetMaxOpenConns(maxAskers)
	if err := s.migrate(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// isBusy reports whether another process holds the file's lock: SQLITE_BUSY, whatever its extension
// (https://www.sqlite.org/rescode.html).
func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// Close waits for the queries in progress and closes the file.
func (s *Store) Close() error {
	s.watching.Lock()
	watch := s.watch
	s.watch, s.known = nil, nil
	s.watching.Unlock()
	var err error
	if watch != nil {
		err = errors.Join(s.version.Close(), watch.Close())
	}
	if err := errors.Join(err, s.history.close(), s.segments.close(), s.read.Close(), s.ask.Close(), s.write.Close()); err != nil {
		return fmt.Errorf("closing the store %q: %w", s.path, err)
	}
	return nil
}

// at is called after each step that a kill could follow.
func (s *Store) at(step string) error {
	if s.step == nil {
		return nil
	}
	return s.step(step)
}

// dataSource returns path as a SQLite URI (https://www.sqlite.org/uri.html), escaped so that no
// character of it starts a parameter. mode=rw never creates a file.
func dataSource(path string) (string, error) {
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

// each calls row for every row of a query. An error of row ends the query. doing is the start of the
// error's text.
func (s *Store) each(ctx context.Context, doing, query string, args []any, row func(*sql.Rows) error) error {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, named(err))
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return fmt.Errorf("%s: %w", doing, named(err))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", doing, named(err))
	}
	return nil
}

// millis returns t as it is stored, in ms since the Unix epoch; nil (NULL) for the zero time.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// fromMillis is the inverse of millis.
func fromMillis(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64)
}
