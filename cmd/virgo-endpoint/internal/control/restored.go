package control

import (
	"context"
	"database/sql"
)

// Restored makes a file of a backup fit for use: it is verified, and the sessions of then are over. Notifications that
// waited then are sent: whether they were meanwhile is not known.
func (d *DB) Restored(ctx context.Context) error {
	if err := d.verify(ctx, "integrity_check"); err != nil {
		return err
	}
	return d.change(ctx, "ending the sessions of a backup", false, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM sessions")
		return err
	})
}
