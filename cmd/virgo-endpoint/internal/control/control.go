package control

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

const (
	// busyTimeout bounds how long a statement waits for another process's write lock.
	busyTimeout = 5 * time.Second
	// busyPause lies between two attempts to open a file that another process has locked.
	busyPause = 20 * time.Millisecond
	// maxReaders bounds the connections that read.
	maxReaders = 3
	// fileMode is the mode of the file. SQLite creates its -wal and -shm files with the same mode.
	fileMode fs.FileMode = 0o600
	// cacheKiB bounds the pages that a connection keeps.
	cacheKiB = 512
)

// Errors of the file.
var (
	// ErrNewer is returned when a later version of this program wrote it.
	ErrNewer = errors.New("control.db was written by a newer version")
	// ErrDamagedFile is returned when SQLite cannot go on with it. It wraps intake.ErrDamaged.
	ErrDamagedFile = fmt.Errorf("control.db: %w", intake.ErrDamaged)
)

// Options are how a file is used. Log and Now may be nil.
type Options struct {
	// SetAside renames a damaged file and goes on with a new one. Only a server does that.
	SetAside bool
	Log      *slog.Logger
	Now      func() time.Time
}

// A DB is one control.db. Several processes may use one file at the same time. It is safe for concurrent use.
type DB struct {
	opt  Options
	path string

	mu sync.RWMutex // held for writing while the files are closed, renamed and opened
	files

	writing sync.Mutex // held by whoever changes something
	// step is called in tests at each step that a kill could follow.
	step func(name string) error
}

// files are the connections to one file.
type files struct {
	write *sql.DB // one connection, whose commits are synced
	light *sql.DB // one connection, whose commits are not
	read  *sql.DB
}

// Open opens the file at path, which it makes if there is none, and migrates its tables to this version. Errors: ErrNewer,
// ErrDamagedFile, and those of SQLite.
func Open(ctx context.Context, path string, opt Options) (*DB, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	d := &DB{opt: opt, path: path}
	if err := d.open(ctx); err != nil {
		return nil, fmt.Errorf("opening %q: %w", path, err)
	}
	return d, nil
}

// Exists reports whether there is a file at path, for those who only read.
func Exists(path string) bool { return exists(path) }

// Close waits for the queries in progress and closes the file.
func (d *DB) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.files.close(); err != nil {
		return fmt.Errorf("closing %q: %w", d.path, err)
	}
	return nil
}

func (f *files) close() error {
	var err error
	for _, db := range []*sql.DB{f.read, f.light, f.write} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

// The parts of what is stored. Each is an interface of its own, since some of their methods have the same names.

// Alarms returns states and changes.
func (d *DB) Alarms() watch.Alarms { return alarms{d} }

// Queue returns the notifications that wait.
func (d *DB) Queue() watch.Queue { return queue{d} }

// Silences returns the silences.
func (d *DB) Silences() watch.Silences { return silences{d} }

// Cursors returns the cursors.
func (d *DB) Cursors() watch.Cursors { return cursors{d} }

// Settings returns the settings.
func (d *DB) Settings() watch.Settings { return settings{d} }

// People returns people and their sessions.
func (d *DB) People() watch.People { return people{d} }

// Audit returns the audit log.
func (d *DB) Audit() watch.Audit { return audit{d} }

// HostInfo returns what people ask hosts, and what these answered.
func (d *DB) HostInfo() watch.HostInfo { return hostInfo{d} }

// at is called at each step that a kill could follow.
func (d *DB) at(step string) error {
	if d.step == nil {
		return nil
	}
	return d.step(step)
}
