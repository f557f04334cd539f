package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

// The names of settings. Times are in ms.
const (
	setWall       = "wall"        // retention.Clock
	setAge        = "age"         //
	setRateDay    = "rate_day"    // retention.Rate
	setRate       = "rate"        //
	setFloorWall  = "floor_wall"  // retention.Floor
	setFloorAge   = "floor_age"   //
	setMaxBytes   = "max_bytes"   // the bound of the store; -1 is none
	setKeep       = "keep"        // how long results are kept; 0 is for ever
	setMinFree    = "min_free"    // bytes
	setThrownAway = "thrown_away" // results that were acknowledged and not stored
	setMigrated   = "migrated"    // rows of results up to this number are in segments
	setMoved      = "moved"       // the number of these rows
	setMovedTo    = "moved_to"    // the last segment that they were moved to
)

// settings reads all settings: they are few.
func settings(ctx context.Context, q rowsQuerier) (map[string]int64, error) {
	rows, err := q.QueryContext(ctx, "SELECT name, value FROM settings")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := make(map[string]int64)
	for rows.Next() {
		var name string
		var value int64
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		all[name] = value
	}
	return all, rows.Err()
}

func putSettings(ctx context.Context, tx *sql.Tx, values map[string]int64) error {
	for name, value := range values {
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", name, value)
		if err != nil {
			return fmt.Errorf("saving the setting %q: %w", name, err)
		}
	}
	return nil
}

// setting reads one setting; ok is false if it was never set.
func setting(ctx context.Context, q rowsQuerier, name string) (value int64, ok bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT value FROM settings WHERE name = ?", name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return value, err == nil, err
}

// clockOf returns the saved retention clock, and floorOf the floor.
func clockOf(all map[string]int64) retention.Clock {
	if _, ok := all[setAge]; !ok {
		return retention.Clock{}
	}
	return retention.Clock{Wall: time.UnixMilli(all[setWall]), Age: time.UnixMilli(all[setAge])}
}

func floorOf(all map[string]int64) retention.Floor {
	if _, ok := all[setFloorAge]; !ok {
		return retention.Floor{}
	}
	return retention.Floor{Wall: time.UnixMilli(all[setFloorWall]), Age: time.UnixMilli(all[setFloorAge])}
}
