package segment

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// busyTimeout bounds how long a statement waits for another process's write lock.
const busyTimeout = 5 * time.Second

// A conn is one connection to the file, used by one goroutine at a time. It uses the driver without
// database/sql, whose pool and conversions take as long as SQLite for such short statements
// (BenchmarkAppend).
type conn struct {
	path  string
	c     driver.Conn
	stmts map[string]*stmt
}

// A stmt is a prepared statement.
type stmt struct {
	s    driver.Stmt
	args []driver.NamedValue
}

func openConn(path, uri string) (*conn, error) {
	c, err := new(sqlite.Driver).Open(uri)
	if err != nil {
		return nil, named(path, err)
	}
	return &conn{path: path, c: c, stmts: map[string]*stmt{}}, nil
}

func (c *conn) close() error {
	if c == nil {
		return nil
	}
	for _, s := range c.stmts {
		s.s.Close()
	}
	return c.c.Close()
}

// prepare returns the statement of a query, which is prepared once.
func (c *conn) prepare(query string) (*stmt, error) {
	if s := c.stmts[query]; s != nil {
		return s, nil
	}
	p, err := c.c.Prepare(query)
	if err != nil {
		return nil, named(c.path, err)
	}
	s := &stmt{s: p}
	c.stmts[query] = s
	return s, nil
}

func (s *stmt) bind(args []driver.Value) []driver.NamedValue {
	s.args = s.args[:0]
	for i, v := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return s.args
}

// exec runs a statement without rows.
func (c *conn) exec(query string, args ...driver.Value) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	_, err = s.s.(driver.StmtExecContext).ExecContext(context.Background(), s.bind(args))
	return named(c.path, err)
}

// errStop ends each without an error.
var errStop = errors.New("no more rows are wanted")

// each calls row for every row of a query; its values are valid until it returns, but for blobs, which are
// the caller's. An error of row ends it; errStop is no error.
func (c *conn) each(ctx context.Context, query string, args []driver.Value, row func([]driver.Value) error) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	// ctx is asked between rows: no query here searches long for its first one.
	if err := ctx.Err(); err != nil {
		return err
	}
	rows, err := s.s.(driver.StmtQueryContext).QueryContext(context.Background(), s.bind(args))
	if err != nil {
		return named(c.path, err)
	}
	defer rows.Close()
	values := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return named(c.path, err)
		}
		if err := row(values); err != nil {
			switch {
			case errors.Is(err, errStop):
				return nil
			case errors.Is(err, errShort) && !errors.Is(err, intake.ErrDamaged):
				return fmt.Errorf("%w: segment %q: %w", intake.ErrDamaged, c.path, err)
			}
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// one reads the first row of a query; false if there is none.
func (c *conn) one(ctx context.Context, query string, args []driver.Value, row func([]driver.Value) error) (found bool, err error) {
	err = c.each(ctx, query, args, func(v []driver.Value) error {
		found = true
		if err := row(v); err != nil {
			return err
		}
		return errStop
	})
	return found, err
}

// uri returns path as a SQLite URI (https://www.sqlite.org/uri.html), escaped so that no character of it
// starts a parameter.
func uri(path string, query url.Values) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // a Windows volume: file:///C:/…
	}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: query.Encode()}
	return u.String(), nil
}

// code returns SQLite's primary error code; 0 for other errors.
func code(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}

// named makes an error name the file, and one that is about damage wrap intake.ErrDamaged.
func named(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: segment %q: %w", intake.ErrDamaged, path, err)
	}
	return fmt.Errorf("segment %q: %w", path, err)
}

// integer returns a column of a row; columns are STRICT, so another type is damage.
func integer(v driver.Value) (int64, error) {
	n, ok := v.(int64)
	if !ok {
		return 0, errShort
	}
	return n, nil
}

// integers reads the first columns of a row.
func integers(row []driver.Value, into ...*int64) (err error) {
	for i, p := range into {
		if *p, err = integer(row[i]); err != nil {
			return err
		}
	}
	return nil
}
