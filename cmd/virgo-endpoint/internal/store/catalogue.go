package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

// A segmentState is where a segment is in its life; see the package comment.
type segmentState int

const (
	segmentOpen segmentState = iota + 1
	segmentEnded
	segmentSealed
	segmentDeleting
	segmentDamaged
	segmentFilling
)

// String is for errors and reports.
func (s segmentState) String() string {
	switch s {
	case segmentOpen:
		return "open"
	case segmentEnded:
		return "ended"
	case segmentSealed:
		return "sealed"
	case segmentDeleting:
		return "deleting"
	case segmentDamaged:
		return "damaged"
	case segmentFilling:
		return "filling"
	}
	return fmt.Sprintf("unknown (%d)", int(s))
}

// readable reports whether the results of such a segment are read, and counted.
func (s segmentState) readable() bool {
	return s == segmentOpen || s == segmentEnded || s == segmentSealed
}

// migratedNumbers is above the numbers of segments of the migration.
const migratedNumbers = 10_000

// An entry is a row of the catalogue.
type entry struct {
	number, first, next int64
	state               segmentState
	begun, ended        int64 // ms
	begunAge, endedAge  int64 // ms
	merged              int64
	results, bytes      int64
	damage              string
}

// end is when the last result of a segment arrived, at the latest.
func (e *entry) end() time.Time { return time.UnixMilli(e.ended) }

// policy returns what package retention has to know.
func (e *entry) policy() retention.Segment {
	return retention.Segment{Number: e.number, Begun: time.UnixMilli(e.begunAge), Ended: time.UnixMilli(e.endedAge), Bytes: e.bytes}
}

// A catalogue is all of it at one moment. It is never changed.
type catalogue struct {
	// entries are in the order of their results.
	entries []entry
	// old is true while the table results has rows that are in no segment: those above migrated.
	old      bool
	migrated int64
	// hasOld is true while the table exists.
	hasOld bool
	// moved is the number of its rows that are in segments.
	moved int64

	clock      retention.Clock
	floor      retention.Floor
	thrownAway int64
	policy     retention.Policy
	minFree    int64
	rate       retention.Rate
	all        map[string]int64
}

const catalogueQuery = `SELECT number, first, next, state, begun_ms, ended_ms, begun_age_ms, ended_age_ms, merged, results, bytes, damage
	FROM segments ORDER BY first, number`

// catalogueIn reads the catalogue; inside a transaction it fits everything else that is read there.
func catalogueIn(ctx context.Context, q rowsQuerier) (*catalogue, error) {
	c := &catalogue{}
	if err := c.readEntries(ctx, q); err != nil {
		return nil, fmt.Errorf("reading the catalogue of segments: %w", named(err))
	}
	if err := c.readSettings(ctx, q); err != nil {
		return nil, fmt.Errorf("reading the settings of the store: %w", named(err))
	}
	return c, nil
}

func (c *catalogue) readEntries(ctx context.Context, q rowsQuerier) error {
	rows, err := q.QueryContext(ctx, catalogueQuery)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var e entry
		err := rows.Scan(&e.number, &e.first, &e.next, &e.state, &e.begun, &e.ended, &e.begunAge, &e.endedAge, &e.merged,
			&e.results, &e.bytes, &e.damage)
		if err != nil {
			return err
		}
		c.entries = append(c.entries, e)
	}
	return rows.Err()
}

func (c *catalogue) readSettings(ctx context.Context, q rowsQuerier) (err error) {
	if c.all, err = settings(ctx, q); err != nil {
		return err
	}
	c.clock, c.floor = clockOf(c.all), floorOf(c.all)
	c.thrownAway, c.minFree = c.all[setThrownAway], c.all[setMinFree]
	c.policy = retention.Policy{Keep: time.Duration(c.all[setKeep]) * time.Millisecond, MaxBytes: max(0, c.all[setMaxBytes])}
	c.rate = retention.Rate{Day: c.all[setRateDay], Deleted: time.Duration(c.all[setRate]) * time.Millisecond}
	c.migrated, c.moved = c.all[setMigrated], c.all[setMoved]
	err = q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'results')").Scan(&c.hasOld)
	if err != nil || !c.hasOld {
		return err
	}
	return q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM results WHERE seq > ?)", c.migrated).Scan(&c.old)
}

// open returns the open segment; nil if there is none.
func (c *catalogue) open() *entry {
	for i := range c.entries {
		if c.entries[i].state == segmentOpen {
			return &c.entries[i]
		}
	}
	return nil
}

// merges reports whether contacts of a segment are being merged into agents.
func (c *catalogue) merges() bool {
	return slices.ContainsFunc(c.entries, func(e entry) bool { return e.state == segmentEnded })
}

// of returns the entry of a segment; nil if there is none.
func (c *catalogue) of(number int64) *entry {
	for i := range c.entries {
		if c.entries[i].number == number {
			return &c.entries[i]
		}
	}
	return nil
}

// next returns the number of the next result that a new segment may have, and the number of the segment.
func (c *catalogue) next(ctx context.Context, tx *sql.Tx) (first, number int64, err error) {
	if c.hasOld {
		var last sql.NullInt64
		if err := tx.QueryRowContext(ctx, "SELECT max(seq) FROM results").Scan(&last); err != nil {
			return 0, 0, err
		}
		first, number = max(last.Int64, c.migrated), migratedNumbers
	}
	for _, e := range c.entries {
		first, number = max(first, e.next-1, e.first-1), max(number, e.number)
	}
	if first == math.MaxInt64 || number == math.MaxInt64 {
		return 0, 0, fmt.Errorf("the numbers of results are used up")
	}
	return first + 1, number + 1, nil
}

// segmentsDir is the folder of the segments.
func (s *Store) segmentsDir() string { return filepath.Join(filepath.Dir(s.path), "segments") }

// segmentPath is the name of a segment's file.
func (s *Store) segmentPath(number int64) string {
	return filepath.Join(s.segmentsDir(), segmentName(number))
}

func segmentName(number int64) string { return fmt.Sprintf("%06d.db", number) }

// catalogue returns the catalogue as it is now. It is read again only after a commit, of whatever process.
func (s *Store) catalogue(ctx context.Context) (*catalogue, error) {
	s.watching.Lock()
	defer s.watching.Unlock()
	if s.watch == nil {
		conn, err := s.ask.Conn(ctx)
		if err != nil {
			return nil, err
		}
		// Prepared, as it is asked for each hello and each batch.
		if s.version, err = conn.PrepareContext(ctx, "PRAGMA data_version"); err != nil {
			conn.Close()
			return nil, err
		}
		s.watch = conn
	}
	var version int64
	if err := s.version.QueryRowContext(ctx).Scan(&version); err != nil {
		return nil, fmt.Errorf("reading the catalogue of segments: %w", named(err))
	}
	if s.known != nil && version == s.knownAt {
		return s.known, nil
	}
	// In one snapshot. If there is a commit since version was read, it is read once more the next time.
	tx, err := s.watch.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue of segments: %w", named(err))
	}
	defer tx.Rollback()
	c, err := catalogueIn(ctx, tx)
	if err != nil {
		return nil, err
	}
	s.known, s.knownAt = c, version
	return c, nil
}
