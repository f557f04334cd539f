package control

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// silences implements watch.Silences.
type silences struct{ d *DB }

const silenceColumns = `version, kind, hosts, tags, rules, from_ms, until_ms, days, start_minute, length_ms, zone, pass_critical, reason, by,
	created_ms, ended_ms`

// All implements watch.Silences.
func (s silences) All(ctx context.Context, ended bool) (all []watch.Silence, err error) {
	where, args := "ended_ms = 0", []any{}
	if ended {
		where, args = "ended_ms = 0 OR ended_ms >= ?", []any{millis(s.d.opt.Now().Add(-watch.SilencesKept))}
	}
	err = s.d.each(ctx, "reading silences", "SELECT id, "+silenceColumns+" FROM silences WHERE "+where+" ORDER BY id", args, func(rows *sql.Rows) error {
		var one watch.Silence
		var length int64
		if err := rows.Scan(&one.ID, &one.Version, &one.Kind, words{&one.Hosts}, words{&one.Tags}, words{&one.Rules}, stamp{&one.From},
			stamp{&one.Until}, &one.Days, &one.Start, &length, &one.Zone, &one.PassCritical, &one.Reason, &one.By, stamp{&one.Created},
			stamp{&one.Ended}); err != nil {
			return err
		}
		one.Length = time.Duration(length) * time.Millisecond
		all = append(all, one)
		return nil
	})
	return all, err
}

// Put implements watch.Silences.
func (s silences) Put(ctx context.Context, one watch.Silence) (watch.Silence, error) {
	err := s.d.change(ctx, "saving a silence", false, func(tx *sql.Tx) error {
		if one.ID != 0 {
			var version int64
			err := tx.QueryRowContext(ctx, "SELECT version, created_ms FROM silences WHERE id = ?", one.ID).Scan(&version, stamp{&one.Created})
			switch {
			case errors.Is(err, sql.ErrNoRows):
				return watch.ErrNoSuchSilence
			case err != nil:
				return err
			case version != one.Version:
				return watch.ErrChanged
			}
		} else {
			one.Version = 0
		}
		one.Version++
		var id any
		if one.ID != 0 {
			id = one.ID
		}
		r, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO silences (id, "+silenceColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			id, one.Version, one.Kind, list(one.Hosts), list(one.Tags), list(one.Rules), millis(one.From), millis(one.Until), one.Days, one.Start,
			one.Length.Milliseconds(), one.Zone, one.PassCritical, one.Reason, one.By, millis(one.Created), millis(one.Ended))
		if err != nil {
			return err
		}
		if one.ID == 0 {
			if one.ID, err = r.LastInsertId(); err != nil {
				return err
			}
		}
		return countUp(ctx, tx, silenceVersion)
	})
	if err != nil {
		return watch.Silence{}, err
	}
	return one, nil
}

// Version implements watch.Silences.
func (s silences) Version(ctx context.Context) (version int64, err error) {
	_, err = s.d.one(ctx, "reading silences", "SELECT value FROM counters WHERE name = ?", []any{silenceVersion}, &version)
	return version, err
}
