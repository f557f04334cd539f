package control

import (
	"context"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

const (
	// deleteAtOnce bounds the rows that one transaction deletes.
	deleteAtOnce = 500
	// deleteAtMost bounds those of one call of Maintain, so that it ends.
	deleteAtMost = 50_000
)

// Maintain deletes what is older than it is kept: changes of alarms, silences that ended, entries of the audit log, sessions,
// questions for hosts and their answers. It is called now and then; what it does not get done it does the next time.
func (d *DB) Maintain(ctx context.Context) error {
	now := d.opt.Now()
	if err := d.People().EndOld(ctx, now.Add(-watch.SessionLife), now.Add(-watch.SessionIdle)); err != nil {
		return err
	}
	if err := d.HostInfo().DeleteOld(ctx, now.Add(-watch.QuestionsKept), now.Add(-watch.InfoKept)); err != nil {
		return err
	}
	left := deleteAtMost
	for _, part := range []func(limit int) (int, error){
		func(limit int) (int, error) {
			return alarms{d}.DeleteChanges(ctx, now.Add(-watch.ChangesKept), limit)
		},
		func(limit int) (int, error) {
			return d.deleteSome(ctx, "deleting old silences", `DELETE FROM silences WHERE id IN (SELECT id FROM silences
				WHERE ended_ms > 0 AND ended_ms < ? AND NOT EXISTS (SELECT 1 FROM held WHERE silence = id) LIMIT ?)`,
				millis(now.Add(-watch.SilencesKept)), limit)
		},
		func(limit int) (int, error) {
			return d.deleteSome(ctx, "deleting old entries of the audit log", "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at_ms < ? LIMIT ?)",
				millis(now.Add(-watch.AuditKept)), limit)
		},
	} {
		for n := deleteAtOnce; n == deleteAtOnce && left > 0; left -= n {
			var err error
			if n, err = part(deleteAtOnce); err != nil {
				return err
			}
		}
	}
	return nil
}

// MaintainEvery calls Maintain each pause until ctx is done.
func (d *DB) MaintainEvery(ctx context.Context, pause time.Duration) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if err := d.Maintain(ctx); err != nil && ctx.Err() == nil {
			d.opt.Log.Error("control.db could not be tidied up; it is tried again", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
