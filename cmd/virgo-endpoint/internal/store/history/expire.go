package history

import (
	"context"
	"fmt"
	"time"
)

// How long roll-ups are kept. Those of days are kept for ever.
const (
	KeepMinutes = 90 * 24 * time.Hour
	KeepHours   = 2 * 365 * 24 * time.Hour
)

// Floors say before which day (UTC) each kind is deleted; the zero time means nothing is.
type Floors struct{ Columns, Minutes, Hours time.Time }

// FloorsAt returns the floors at a time of the clock by which results age, if results are kept for that long; 0 means
// for ever.
func FloorsAt(now time.Time, keepResults time.Duration) Floors {
	f := Floors{Minutes: now.Add(-KeepMinutes), Hours: now.Add(-KeepHours)}
	if keepResults > 0 {
		f.Columns = now.Add(-keepResults)
	}
	return f
}

// Expire deletes what is before the floors, in transactions of some rows; between is called between them, if it is
// not nil, and an error of it ends Expire. What was deleted once stays so: floors do not fall.
//
// The floors are saved first. From then on readers take roll-ups where columns are being deleted, and Advance merges
// into roll-ups that it cannot compute again.
func (h *History) Expire(ctx context.Context, f Floors, between func() error) error {
	if err := h.expire(ctx, f, between); err != nil {
		return fmt.Errorf("deleting old history: %w", named(err))
	}
	return nil
}

func (h *History) expire(ctx context.Context, f Floors, between func() error) error {
	day := func(t time.Time) int64 {
		if t.IsZero() {
			return 0
		}
		return unitOf(t.UnixMilli(), dayMS)
	}
	_, err := h.write.ExecContext(ctx, `UPDATE settings SET column_floor = max(column_floor, ?), minute_floor = max(minute_floor, ?),
		hour_floor = max(hour_floor, ?)`, day(f.Columns), day(f.Minutes), day(f.Hours))
	if err != nil {
		return err
	}
	if err := h.at("history: floors raised"); err != nil {
		return err
	}
	s, err := readState(ctx, h.write)
	if err != nil {
		return err
	}
	for _, table := range []struct {
		name string
		unit int64 // the first that stays
	}{{"columns", s.columnFloor * hourBuckets}, {"minutes", s.minuteFloor * hourBuckets}, {"hours", s.hourFloor}} {
		for {
			res, err := h.write.ExecContext(ctx, "DELETE FROM "+table.name+" WHERE key IN (SELECT key FROM "+table.name+
				" WHERE key < ? ORDER BY key LIMIT ?)", key(table.unit, 0), transactionRows)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			if err := h.at("history: rows deleted"); err != nil {
				return err
			}
			if n < transactionRows {
				break
			}
			if between != nil {
				if err := between(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
