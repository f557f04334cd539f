package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

const (
	// moveRows bounds the rows that are read and written at once, moveBytes their params.
	moveRows, moveBytes = 1000, 4 << 20
	// maxMovedRows bounds the rows of one segment of the migration: a kill loses the work on one.
	maxMovedRows = 2_000_000
)

// moveSegment moves the next rows of one arrival day.
func (s *Store) moveSegment(ctx context.Context, c *catalogue, now time.Time) error {
	if err := s.enoughSpace(ctx, c); err != nil {
		return err
	}
	v := &mover{s: s, ctx: ctx}
	if err := v.begin(c, now); err != nil {
		return err
	}
	if err := v.fill(c.migrated); err != nil {
		return err
	}
	if err := s.at("filled"); err != nil {
		return err
	}
	return v.publish()
}

// A mover moves rows into one segment.
type mover struct {
	s     *Store
	ctx   context.Context
	clock retention.Clock
	entry entry
	seg   *segment.Segment

	day           int64 // of the arrival, UTC
	least, most   int64 // received_ms
	last          int64 // the number of the last row
	rows          int64
	first, closed bool // nothing was read; the day is over
}

// begin makes the segment, as one that nobody reads.
func (v *mover) begin(c *catalogue, now time.Time) error {
	v.clock, _ = c.clock.Advance(now)
	err := v.s.change(v.ctx, func(tx *sql.Tx) error {
		c, err := catalogueIn(v.ctx, tx)
		if err != nil {
			return err
		}
		// A number is not given out again when its segment is deleted: processes know segments by it.
		number, left := c.all[setMovedTo], int64(0)
		for _, e := range c.entries {
			if e.state == segmentFilling {
				left = e.number
			} else if e.number <= migratedNumbers {
				number = max(number, e.number)
			}
		}
		if number++; number > migratedNumbers {
			return fmt.Errorf("they arrived on more than %d days", migratedNumbers)
		}
		if left != 0 { // a kill: nothing of it was ever read
			if err := v.s.removeUnnamed(left); err != nil {
				return err
			}
			if _, err := tx.ExecContext(v.ctx, "DELETE FROM segments WHERE number = ?", left); err != nil {
				return err
			}
		}
		if err := putSettings(v.ctx, tx, map[string]int64{setMovedTo: number}); err != nil {
			return err
		}
		v.entry = entry{number: number, first: c.migrated + 1, state: segmentFilling}
		_, err = tx.ExecContext(v.ctx, "INSERT INTO segments (number, first, state, begun_ms, begun_age_ms) VALUES (?, ?, ?, 0, 0)",
			number, v.entry.first, segmentFilling)
		return err
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(v.s.segmentsDir(), folderMode); err != nil {
		return err
	}
	path := v.s.segmentPath(v.entry.number)
	if err := v.s.removeUnnamed(v.entry.number); err != nil {
		return err
	}
	dictionary, err := v.sample(c)
	if err != nil {
		return err
	}
	err = segment.Create(path, segment.Options{Number: v.entry.number, First: v.entry.first, Begun: now, Dictionary: dictionary})
	if err != nil {
		return err
	}
	return v.s.at("filling")
}

// sample makes a dictionary from the segment before.
func (v *mover) sample(c *catalogue) ([]byte, error) {
	for i := len(c.entries) - 1; i >= 0; i-- {
		if e := &c.entries[i]; e.state == segmentSealed && e.number < v.entry.number {
			a, err := v.s.acquire(e)
			if err != nil {
				return nil, nil // without one it is only larger
			}
			defer a.release()
			dictionary, err := a.Sample(v.ctx, segment.MaxDictionary)
			if errors.Is(err, intake.ErrDamaged) {
				return nil, nil
			}
			return dictionary, inSegment(e.number, err)
		}
	}
	return nil, nil
}

// fill writes the rows above after into the segment, up to the end of their day, and seals it.
func (v *mover) fill(after int64) (err error) {
	if v.seg, err = segment.Open(v.s.segmentPath(v.entry.number)); err != nil {
		return inSegment(v.entry.number, err)
	}
	defer v.seg.Close()
	v.first = true
	for v.last = after; ; {
		began := time.Now()
		rows, err := v.read(v.last)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		if err := v.write(rows); err != nil {
			return inSegment(v.entry.number, err)
		}
		if v.closed || v.rows >= maxMovedRows {
			break
		}
		// What arrives comes first.
		if err := pause(v.ctx, time.Since(began)/2); err != nil {
			return err
		}
	}
	t, err := v.seg.Begin(v.ctx)
	if err != nil {
		return inSegment(v.entry.number, err)
	}
	if err := t.Seal(); err != nil {
		t.Rollback()
		return inSegment(v.entry.number, err)
	}
	return inSegment(v.entry.number, v.seg.Finish(v.ctx))
}

// publish lets the rows be read from the segment, and from the table no more.
func (v *mover) publish() error {
	if err := v.mergeContacts(); err != nil {
		return err
	}
	// By the retention clock, as if it had run then: it began as the wall clock. Where that has jumped since, results are
	// as young as they can be, so that a jump deletes none.
	ahead := v.clock.Wall.Sub(v.clock.Age).Milliseconds()
	age := func(ms int64) int64 {
		return min(v.clock.Age.UnixMilli(), max(ms, ms-ahead))
	}
	err := v.s.change(v.ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(v.ctx, `UPDATE segments SET state = ?2, next = ?3, begun_ms = ?4, ended_ms = ?5, begun_age_ms = ?6,
			ended_age_ms = ?7, merged = ?8, results = ?9, bytes = ?10 WHERE number = ?1 AND state = ?11`,
			v.entry.number, segmentSealed, v.last+1, v.least, v.most, age(v.least), age(v.most), int64(math.MaxInt64), v.rows,
			fileBytes(v.s.segmentPath(v.entry.number)), segmentFilling)
		if err != nil {
			return err
		}
		var moved int64
		if moved, _, err = setting(v.ctx, tx, setMoved); err != nil {
			return err
		}
		return putSettings(v.ctx, tx, map[string]int64{setMigrated: v.last, setMoved: moved + v.rows})
	})
	if err != nil {
		return err
	}
	return v.s.at("published")
}

// mergeContacts notes the highest orders of agents, and what the results said last, unless something later is
// known. It may be ahead of what is published: the rows are there.
func (v *mover) mergeContacts() error {
	seg, err := segment.Open(v.s.segmentPath(v.entry.number))
	if err != nil {
		return inSegment(v.entry.number, err)
	}
	defer seg.Close()
	for after, done := int64(0), false; !done; {
		var list []known
		if list, done, err = v.s.someContacts(v.ctx, seg, after); err != nil {
			return inSegment(v.entry.number, err)
		}
		began := time.Now()
		err = v.s.change(v.ctx, func(tx *sql.Tx) error {
			for i := range list {
				if err := v.mergeContact(tx, &list[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(list) > 0 {
			after = list[len(list)-1].agent
		}
		// Enrolments come first.
		if err := pause(v.ctx, time.Since(began)/2); err != nil {
			return err
		}
	}
	return nil
}

func (v *mover) mergeContact(tx *sql.Tx, k *known) error {
	var data []byte
	err := tx.QueryRowContext(v.ctx, "SELECT contact FROM agents WHERE key = ?", k.agent).Scan(&data)
	if err != nil {
		return err
	}
	latest := true
	if len(data) > 0 {
		known, err := segment.ParseContact(data)
		latest = err == nil && known.Seen < k.contact.Seen
	}
	contact := k.contact.Continue()
	_, err = tx.ExecContext(v.ctx, `UPDATE agents SET highest = max(highest, ?2),
		contact = CASE WHEN ?3 THEN ?4 ELSE contact END WHERE key = ?1`,
		k.agent, highestOf(&k.contact), latest, segment.AppendContact(nil, &contact))
	return err
}

func highestOf(c *segment.Contact) int64 {
	if !c.HasHighest {
		return -1
	}
	return int64(min(c.Highest, math.MaxInt64))
}
