package control

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

// maxAside bounds how many damaged files are kept.
const maxAside = 100

// open opens the file, or a new one if it is damaged and may be set aside. d.mu is held, or nobody knows d yet.
func (d *DB) open(ctx context.Context) error {
	f, err := openFiles(ctx, d.path)
	if err == nil && d.opt.SetAside {
		if err = f.verify(ctx, "quick_check"); err != nil {
			f.close()
		}
	}
	if d.opt.SetAside && errors.Is(err, ErrDamagedFile) {
		return d.renew(ctx, err)
	}
	if err == nil {
		d.files = *f
	}
	return err
}

// renew sets the damaged file aside and opens a new one.
func (d *DB) renew(ctx context.Context, damage error) error {
	aside, err := setAside(d.path)
	if err != nil {
		return fmt.Errorf("%w; it could not be set aside: %w", damage, err)
	}
	f, err := openFiles(ctx, d.path)
	if err != nil {
		return err
	}
	d.files = *f
	d.opt.Log.Error("control.db was damaged: alarms are judged anew, outputs begin with now, silences, people and the audit log are lost",
		"error", damage, "aside", aside, "hint", "take control.db from a backup, or add people again: virgo-endpoint user add")
	return nil
}

// setAside renames a file with its log, so that both can be looked at together, and returns its new name.
func setAside(path string) (string, error) {
	for n := 1; n <= maxAside; n++ {
		to := fmt.Sprintf("%s.damaged-%d", path, n)
		if exists(to) {
			continue
		}
		// The log first: without it the file is opened as it was at the last checkpoint, and never the other way round.
		for _, suffix := range []string{"-wal", "-shm", ""} {
			if err := os.Rename(path+suffix, to+suffix); err != nil && !(suffix != "" && errors.Is(err, fs.ErrNotExist)) {
				return "", err
			}
		}
		return to, nil
	}
	return "", fmt.Errorf("there are %d damaged files already", maxAside)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// openFiles opens the file at path, which it makes if there is none.
func openFiles(ctx context.Context, path string) (*files, error) {
	if err := create(path); err != nil {
		return nil, err
	}
	// SQLite itself does not wait for the lock while another process switches a new file to WAL.
	for end := time.Now().Add(busyTimeout); ; {
		f, err := connect(ctx, path)
		if err == nil {
			return f, nil
		}
		if !isBusy(err) || time.Now().After(end) {
			return nil, named(err)
		}
		select {
		case <-time.After(busyPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// create makes an empty file if there is none: SQLite would do it with the mode of the umask, and as whoever runs a
// command.
func create(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(giveToOwner(file, filepath.Dir(path)), file.Close())
}

func connect(ctx context.Context, path string) (f *files, err error) {
	dsn, err := dataSource(path)
	if err != nil {
		return nil, err
	}
	f = &files{}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	for _, c := range []struct {
		into **sql.DB
		more string
		max  int
	}{
		{&f.write, "&_synchronous=FULL&_txlock=immediate", 1},
		{&f.light, "&_synchronous=NORMAL&_txlock=immediate", 1},
		{&f.read, "&_query_only=1", maxReaders},
	} {
		if *c.into, err = sql.Open("sqlite", dsn+c.more); err != nil {
			return nil, err
		}
		(*c.into).SetMaxOpenConns(c.max)
		(*c.into).SetMaxIdleConns(1)
	}
	return f, f.migrate(ctx)
}

// dataSource returns path as a SQLite URI (https://www.sqlite.org/uri.html), escaped so that no character of it starts a
// parameter. mode=rw never creates a file.
func dataSource(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // a Windows volume: file:///C:/…
	}
	q := url.Values{}
	q.Set("mode", "rw")
	q.Set("_busy_timeout", fmt.Sprint(busyTimeout.Milliseconds()))
	q.Set("_journal_mode", "WAL")
	q.Set("_foreign_keys", "1")
	q.Set("_pragma", fmt.Sprintf("cache_size(-%d)", cacheKiB))
	return (&url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}).String(), nil
}

// verify reads the whole file. Error: ErrDamagedFile.
func (f *files) verify(ctx context.Context, pragma string) error {
	var first string
	if err := f.read.QueryRowContext(ctx, "PRAGMA "+pragma+"(1)").Scan(&first); err != nil {
		return named(err)
	}
	if first != "ok" {
		return fmt.Errorf("%w: %.500s", ErrDamagedFile, first)
	}
	return nil
}

// code returns the result code of SQLite without its extension (https://www.sqlite.org/rescode.html); 0 if it is not
// SQLite's error.
func code(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return sqlite3.SQLITE_OK
	}
	return e.Code() & 0xff
}

func isBusy(err error) bool { return code(err) == sqlite3.SQLITE_BUSY }

// named makes an error that is about damage wrap ErrDamagedFile, and one of a full disk intake.ErrFull.
func named(err error) error {
	switch code(err) {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrDamagedFile, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", intake.ErrFull, err)
	}
	return err
}
