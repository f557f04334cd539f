package history

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

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	fileMode fs.FileMode = 0o600
	// busyTimeout bounds how long a statement waits for another process's write lock.
	busyTimeout = 5 * time.Second
	// maxReaders bounds the connections that read.
	maxReaders = 2
	// applicationID is "vhis".
	applicationID = 0x76686973
	schemaVersion = 1
)

// Errors of the file.
var (
	// ErrNewer is returned when a later version of this program wrote it.
	ErrNewer = errors.New("the history was written by a newer version")
	// ErrDamagedFile is returned when SQLite cannot go on with it. It wraps intake.ErrDamaged.
	ErrDamagedFile = fmt.Errorf("the file of the history: %w", intake.ErrDamaged)
)

// Arrivals is where the results come from; package store joins the segments to one.
type Arrivals interface {
	// Each calls fn for the results whose Seq is above from and at most to, of the agents whose number is above
	// after, in the order of these numbers, and those of an agent in the order of Seq. An error of fn ends it.
	// A result is valid until fn returns.
	Each(ctx context.Context, from, to, after int64, fn func(agent int64, result *intake.Result) error) error
	// Of calls fn for the results of an agent whose Seq is above from, in the order of Seq.
	Of(ctx context.Context, agent, from int64, fn func(result *intake.Result) error) error
}

// A History is one history.db. It is safe for concurrent use, also by several processes.
type History struct {
	write, read *sql.DB
	codec       *codec
	path        string
	batch       int // agents in a transaction of Advance; tests have fewer

	step func(name string) error // of Watch; nil outside tests
}

// Watch is for tests: step is called after each step that a kill could follow, and a transaction has batch agents unless that
// is 0. It is called before the History is used.
func (h *History) Watch(step func(name string) error, batch int) {
	h.step = step
	if batch > 0 {
		h.batch = batch
	}
}

func (h *History) at(step string) error {
	if h.step == nil {
		return nil
	}
	return h.step(step)
}

const schema = `
CREATE TABLE settings (
	id INTEGER PRIMARY KEY CHECK (id = 0),
	closed INTEGER NOT NULL DEFAULT 0,
	closing INTEGER NOT NULL DEFAULT 0,
	after INTEGER NOT NULL DEFAULT -1,
	column_floor INTEGER NOT NULL DEFAULT 0,
	minute_floor INTEGER NOT NULL DEFAULT 0,
	hour_floor INTEGER NOT NULL DEFAULT 0
);
INSERT INTO settings (id) VALUES (0);
CREATE TABLE columns (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE minutes (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE hours (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE days (key INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE series (agent INTEGER PRIMARY KEY, data BLOB NOT NULL);
`

// Open opens the history at path, which it makes if there is none. Errors: ErrNewer, ErrDamagedFile, and
// those of SQLite.
func Open(ctx context.Context, path string) (*History, error) {
	h, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("opening the history %q: %w", path, err)
	}
	return h, nil
}

func open(ctx context.Context, path string) (h *History, err error) {
	// SQLite would create it with the mode of the umask.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	dsn, err := dataSource(path)
	if err != nil {
		return nil, err
	}
	h = &History{path: path, batch: transactionAgents}
	if h.codec, err = newCodec(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			h.Close()
		}
	}()
	if h.write, err = sql.Open("sqlite", dsn+"&_txlock=immediate"); err != nil {
		return nil, err
	}
	h.write.SetMaxOpenConns(1)
	if h.read, err = sql.Open("sqlite", dsn+"&_query_only=1"); err != nil {
		return nil, err
	}
	h.read.SetMaxOpenConns(maxReaders)
	return h, named(h.migrate(ctx))
}

// migrate makes the tables of a new file. It takes the write lock only for that.
func (h *History) migrate(ctx context.Context) error {
	var version int
	if err := h.read.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version == 0 {
		return h.create(ctx)
	}
	return checkVersion(ctx, h.read)
}

// checkVersion returns nil for a file of this version. Errors: ErrNewer, ErrDamagedFile.
func checkVersion(ctx context.Context, q querier) error {
	var version, id int
	if err := q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if err := q.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return err
	}
	switch {
	case version > schemaVersion:
		return ErrNewer
	case version == schemaVersion && id == applicationID:
		return nil
	}
	return fmt.Errorf("%w: it is no history", ErrDamagedFile)
}

func (h *History) create(ctx context.Context) error {
	tx, err := h.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var tables int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	if tables > 0 { // another process was faster, or it is something else
		return checkVersion(ctx, tx)
	}
	_, err = tx.ExecContext(ctx, schema+fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", schemaVersion, applicationID))
	if err != nil {
		return err
	}
	return tx.Commit()
}

// Close waits for the queries in progress and closes the file.
func (h *History) Close() error {
	var errs []error
	for _, db := range []*sql.DB{h.read, h.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	h.codec.close()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing the history %q: %w", h.path, err)
	}
	return nil
}

// dataSource returns path as a SQLite URI (https://www.sqlite.org/uri.html).
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
	q.Set("_synchronous", "NORMAL")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// named makes the damage that SQLite found in the history ErrDamagedFile.
func named(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return fmt.Errorf("%w: %w", ErrDamagedFile, err)
		}
	}
	return err
}

// A state is the row of settings.
type state struct {
	// closed is the mark; closing is up to where the closing that is under way goes, 0 if none is, and after
	// the last agent that it has done.
	closed, closing, after int64
	// Columns of hours, roll-ups of minutes and of hours before these days are deleted, or will be.
	columnFloor, minuteFloor, hourFloor int64
}

// querier is a *sql.DB or a *sql.Tx.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func readState(ctx context.Context, q querier) (s state, err error) {
	err = q.QueryRowContext(ctx, "SELECT closed, closing, after, column_floor, minute_floor, hour_floor FROM settings").
		Scan(&s.closed, &s.closing, &s.after, &s.columnFloor, &s.minuteFloor, &s.hourFloor)
	if err != nil {
		return s, fmt.Errorf("reading the history's settings: %w", named(err))
	}
	return s, nil
}

// mark returns up to which result everything of an agent is in columns.
func (s *state) mark(agent int64) int64 {
	if s.closing > 0 && agent <= s.after {
		return s.closing
	}
	return s.closed
}

// Closed returns up to which result of all agents everything is in columns.
func (h *History) Closed(ctx context.Context) (seq int64, err error) {
	s, err := readState(ctx, h.read)
	return s.closed, err
}
