package control

import (
	"context"
	"database/sql"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// cursors implements watch.Cursors.
type cursors struct{ d *DB }

const cursorColumns = "name, seq, sent, refused, lost, error, at_ms"

func cursorInto(c *watch.Cursor) []any {
	return []any{&c.Name, &c.Seq, &c.Sent, &c.Refused, &c.Lost, &c.Err, stamp{&c.At}}
}

// Cursor implements watch.Cursors.
func (c cursors) Cursor(ctx context.Context, name string) (one watch.Cursor, found bool, err error) {
	found, err = c.d.one(ctx, "reading a cursor", "SELECT "+cursorColumns+" FROM cursors WHERE name = ?", []any{name}, cursorInto(&one)...)
	return one, found, err
}

// SaveCursor implements watch.Cursors. What is lost in a power failure is sent again, which receivers recognize.
func (c cursors) SaveCursor(ctx context.Context, one watch.Cursor) error {
	return c.d.change(ctx, "saving a cursor", true, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO cursors ("+cursorColumns+") VALUES (?, ?, ?, ?, ?, ?, ?)", one.Name, one.Seq, one.Sent,
			one.Refused, one.Lost, one.Err, millis(one.At))
		return err
	})
}

// AllCursors implements watch.Cursors.
func (c cursors) AllCursors(ctx context.Context) (all []watch.Cursor, err error) {
	err = c.d.each(ctx, "reading cursors", "SELECT "+cursorColumns+" FROM cursors ORDER BY name", nil, func(rows *sql.Rows) error {
		var one watch.Cursor
		err := rows.Scan(cursorInto(&one)...)
		all = append(all, one)
		return err
	})
	return all, err
}

// settings implements watch.Settings.
type settings struct{ d *DB }

// Setting implements watch.Settings.
func (s settings) Setting(ctx context.Context, name string) (value string, err error) {
	_, err = s.d.one(ctx, "reading a setting", "SELECT value FROM settings WHERE name = ?", []any{name}, &value)
	return value, err
}

// SetSetting implements watch.Settings.
func (s settings) SetSetting(ctx context.Context, name, value string) error {
	return s.d.change(ctx, "saving a setting", false, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", name, value)
		return err
	})
}
