package control

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// queue implements watch.Queue.
type queue struct{ d *DB }

// addRows adds notifications.
func addRows(ctx context.Context, tx *sql.Tx, rows []watch.Row) error {
	for i := range rows {
		r := &rows[i]
		if _, err := tx.ExecContext(ctx, `INSERT INTO queue (notifier, group_key, due_ms, created_ms, attempt, level, event, error)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, r.Notifier, r.Group, millis(r.Due), millis(r.Created), r.Attempt, r.Level, notNil(r.Event), r.Err); err != nil {
			return err
		}
	}
	return nil
}

// Add implements watch.Queue.
func (q queue) Add(ctx context.Context, rows []watch.Row) error {
	return q.d.change(ctx, "adding notifications", false, func(tx *sql.Tx) error { return addRows(ctx, tx, rows) })
}

// Due implements watch.Queue.
func (q queue) Due(ctx context.Context, notifier string, now time.Time, limit int) (list []watch.Row, err error) {
	err = q.d.each(ctx, "reading notifications", `SELECT id, notifier, group_key, due_ms, created_ms, attempt, level, event, error FROM queue
		WHERE notifier = ? AND due_ms <= ? ORDER BY due_ms, id LIMIT ?`, []any{notifier, millis(now), max(0, limit)}, func(rows *sql.Rows) error {
		var r watch.Row
		if err := rows.Scan(&r.ID, &r.Notifier, &r.Group, stamp{&r.Due}, stamp{&r.Created}, &r.Attempt, &r.Level, blob{&r.Event}, &r.Err); err != nil {
			return err
		}
		list = append(list, r)
		return nil
	})
	return list, err
}

// Settle implements watch.Queue.
func (q queue) Settle(ctx context.Context, notifier string, ids []int64, o watch.Outcome) error {
	return q.d.change(ctx, "noting what became of notifications", false, func(tx *sql.Tx) error {
		for _, id := range ids {
			var err error
			if o.Sent || o.Dropped {
				_, err = tx.ExecContext(ctx, "DELETE FROM queue WHERE id = ? AND notifier = ?", id, notifier)
			} else {
				_, err = tx.ExecContext(ctx, "UPDATE queue SET attempt = attempt + 1, due_ms = ?, error = ? WHERE id = ? AND notifier = ?",
					millis(o.Due), o.Err, id, notifier)
			}
			if err != nil {
				return err
			}
		}
		if err := addRows(ctx, tx, o.Next); err != nil {
			return err
		}
		return noteNotifier(ctx, tx, notifier, o)
	})
}

func noteNotifier(ctx context.Context, tx *sql.Tx, notifier string, o watch.Outcome) (err error) {
	switch {
	case o.Sent:
		_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO notifiers (name, ok_ms, failing_ms, failures, error) VALUES (?, ?, 0, 0, '')",
			notifier, millis(o.At))
	case o.Err != "":
		_, err = tx.ExecContext(ctx, `INSERT INTO notifiers (name, ok_ms, failing_ms, failures, error) VALUES (?1, 0, ?2, 1, ?3)
			ON CONFLICT (name) DO UPDATE SET failing_ms = iif(failing_ms = 0, ?2, failing_ms), failures = failures + 1, error = ?3`,
			notifier, millis(o.At), o.Err)
	default:
		_, err = tx.ExecContext(ctx, "INSERT OR IGNORE INTO notifiers (name, ok_ms, failing_ms, failures, error) VALUES (?, 0, 0, 0, '')", notifier)
	}
	return err
}

// Next implements watch.Queue.
func (q queue) Next(ctx context.Context) (next time.Time, err error) {
	_, err = q.d.one(ctx, "reading notifications", "SELECT coalesce(min(due_ms), 0) FROM queue", nil, stamp{&next})
	return next, err
}

// Notifiers implements watch.Queue.
func (q queue) Notifiers(ctx context.Context) (list []watch.NotifierState, err error) {
	err = q.d.each(ctx, "reading how notifiers do", `SELECT n.name, coalesce(s.ok_ms, 0), coalesce(s.failing_ms, 0), coalesce(s.failures, 0),
		coalesce(s.error, ''), coalesce(w.waiting, 0), coalesce(w.oldest_ms, 0)
		FROM (SELECT name FROM notifiers UNION SELECT notifier FROM queue) n
		LEFT JOIN notifiers s ON s.name = n.name
		LEFT JOIN (SELECT notifier, count(*) AS waiting, min(created_ms) AS oldest_ms FROM queue GROUP BY notifier) w ON w.notifier = n.name
		ORDER BY n.name`, nil, func(rows *sql.Rows) error {
		var n watch.NotifierState
		if err := rows.Scan(&n.Name, stamp{&n.LastOK}, stamp{&n.FailingSince}, &n.Failures, &n.Err, &n.Waiting, stamp{&n.OldestWaiting}); err != nil {
			return err
		}
		list = append(list, n)
		return nil
	})
	return list, err
}

// Held implements watch.Queue.
func (q queue) Held(ctx context.Context, silence int64) (list []watch.Change, err error) {
	err = q.d.each(ctx, "reading what a silence holds back", fmt.Sprintf("SELECT %s FROM alarm_changes WHERE id IN (SELECT change FROM held "+
		"WHERE silence = ?) ORDER BY at_ms, id", changeColumns), []any{silence}, func(rows *sql.Rows) error {
		c, err := scanChange(rows)
		list = append(list, c)
		return err
	})
	return list, err
}

// Release implements watch.Queue.
func (q queue) Release(ctx context.Context, silence int64, rows []watch.Row) error {
	return q.d.change(ctx, "releasing what a silence held back", false, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM held WHERE silence = ?", silence); err != nil {
			return err
		}
		return addRows(ctx, tx, rows)
	})
}
