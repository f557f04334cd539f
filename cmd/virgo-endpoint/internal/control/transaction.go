package control

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// change makes a change in one transaction. It returns when the change is synced, unless light is set. doing is the
// start of the error's text; an error of fn that is not SQLite's is returned as it is.
func (d *DB) change(ctx context.Context, doing string, light bool, fn func(tx *sql.Tx) error) error {
	d.mu.RLock()
	err := d.changeIn(ctx, light, fn)
	d.mu.RUnlock()
	return d.failed(ctx, doing, err)
}

func (d *DB) changeIn(ctx context.Context, light bool, fn func(tx *sql.Tx) error) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	db := d.write
	if light {
		db = d.light
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return err
	}
	if err := d.at("changed"); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if light {
		return d.at("committed")
	}
	return d.at("synced")
}

// each calls row for every row of a query; see change for doing. An error of row ends it and is returned as it is.
func (d *DB) each(ctx context.Context, doing, query string, args []any, row func(*sql.Rows) error) error {
	d.mu.RLock()
	err := eachIn(ctx, d.read, query, args, row)
	d.mu.RUnlock()
	return d.failed(ctx, doing, err)
}

type rowsQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func eachIn(ctx context.Context, q rowsQuerier, query string, args []any, row func(*sql.Rows) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// one reads one row; found is false if there is none.
func (d *DB) one(ctx context.Context, doing, query string, args []any, into ...any) (found bool, err error) {
	d.mu.RLock()
	err = d.read.QueryRowContext(ctx, query, args...).Scan(into...)
	d.mu.RUnlock()
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, d.failed(ctx, doing, err)
}

// failed names an error of SQLite, and sets the file aside if it is damaged.
func (d *DB) failed(ctx context.Context, doing string, err error) error {
	named := named(err)
	if code(err) == 0 {
		return err
	}
	if errors.Is(named, ErrDamagedFile) && d.opt.SetAside && ctx.Err() == nil {
		if err := d.repair(ctx); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
	return fmt.Errorf("%s: %w", doing, named)
}

// repair sets the file aside if it is damaged, which another call may have done meanwhile. What failed is done again by
// whoever asked for it.
func (d *DB) repair(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	damage := d.verify(ctx, "quick_check")
	if !errors.Is(damage, ErrDamagedFile) {
		return damage
	}
	if err := d.files.close(); err != nil && !errors.Is(named(err), ErrDamagedFile) {
		d.opt.Log.Warn("control.db could not be closed", "error", err)
	}
	return d.renew(ctx, damage)
}

// millis returns a time as it is stored; 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// A stamp is where a stored time is scanned into.
type stamp struct{ t *time.Time }

// Scan implements sql.Scanner.
func (s stamp) Scan(v any) error {
	ms, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T", v)
	}
	*s.t = time.Time{}
	if ms != 0 {
		*s.t = time.UnixMilli(ms).UTC()
	}
	return nil
}

// list returns a list as it is stored.
func list(l []string) string {
	if len(l) == 0 {
		return ""
	}
	data, _ := json.Marshal(l) // strings can always be encoded
	return string(data)
}

// A words is where a stored list is scanned into.
type words struct{ l *[]string }

// Scan implements sql.Scanner.
func (w words) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("a list is stored as %T", v)
	}
	*w.l = nil
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), w.l)
}

// notNil returns data as it is stored: never NULL.
func notNil(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

// A blob is where stored bytes are scanned into; none are nil.
type blob struct{ b *[]byte }

// Scan implements sql.Scanner.
func (s blob) Scan(v any) error {
	data, ok := v.([]byte)
	if !ok {
		return fmt.Errorf("bytes are stored as %T", v)
	}
	*s.b = nil
	if len(data) > 0 {
		*s.b = append([]byte(nil), data...)
	}
	return nil
}
