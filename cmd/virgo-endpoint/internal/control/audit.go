package control

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// audit implements watch.Audit.
type audit struct{ d *DB }

// Begin implements watch.Audit.
func (a audit) Begin(ctx context.Context, e watch.Entry) (id int64, err error) {
	if len(e.Before) > watch.MaxAuditBytes || len(e.After) > watch.MaxAuditBytes {
		return 0, fmt.Errorf("an entry of the audit log has more than %d bytes", watch.MaxAuditBytes)
	}
	if e.Outcome == "" {
		e.Outcome = watch.Begun
	}
	err = a.d.change(ctx, "writing the audit log", false, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `INSERT INTO audit (at_ms, actor_kind, actor, remote, action, object, before, after, outcome)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, millis(e.At), e.ActorKind, e.Actor, e.Remote, e.Action, e.Object, notNil(e.Before), notNil(e.After), e.Outcome)
		if err != nil {
			return err
		}
		id, err = r.LastInsertId()
		return err
	})
	return id, err
}

// End implements watch.Audit.
func (a audit) End(ctx context.Context, id int64, outcome string) error {
	return a.d.change(ctx, "writing the audit log", false, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, "UPDATE audit SET outcome = ? WHERE id = ?", outcome, id)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("the audit log has no entry %d", id)
		}
		return nil
	})
}

// Entries implements watch.Audit.
func (a audit) Entries(ctx context.Context, f watch.EntryFilter, fn func(watch.Entry) error) error {
	where, args := []string{"TRUE"}, []any{}
	add := func(condition string, value any) { where, args = append(where, condition), append(args, value) }
	if !f.From.IsZero() {
		add("at_ms >= ?", millis(f.From))
	}
	if !f.To.IsZero() {
		add("at_ms < ?", millis(f.To))
	}
	if f.Actor != "" {
		add("actor = ?", f.Actor)
	}
	if f.Object != "" {
		add("object = ?", f.Object)
	}
	query := "SELECT id, at_ms, actor_kind, actor, remote, action, object, before, after, outcome FROM audit WHERE " +
		strings.Join(where, " AND ") + " ORDER BY id DESC"
	if f.Limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", f.Limit)
	}
	return a.d.each(ctx, "reading the audit log", query, args, func(rows *sql.Rows) error {
		var e watch.Entry
		if err := rows.Scan(&e.ID, stamp{&e.At}, &e.ActorKind, &e.Actor, &e.Remote, &e.Action, &e.Object, blob{&e.Before}, blob{&e.After}, &e.Outcome); err != nil {
			return err
		}
		return fn(e)
	})
}
