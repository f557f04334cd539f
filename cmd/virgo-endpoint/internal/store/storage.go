package store

import (
	"context"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Storage returns what the store says about itself; see [intake.History].
func (s *Store) Storage(ctx context.Context) (st intake.Storage, err error) {
	c, err := s.catalogue(ctx)
	if err != nil {
		return st, err
	}
	if st.Bytes, err = s.usedBytes(ctx); err != nil {
		return st, err
	}
	st.MaxBytes, st.ThrownAway, st.FreeBytes = c.policy.MaxBytes, c.thrownAway, -1
	if space, err := s.free(); err == nil {
		st.FreeBytes = space.Free
	}
	st.Full = s.hasSpace(c) != nil
	if c.old {
		var first, last, received int64
		err := s.read.QueryRowContext(ctx, `SELECT (SELECT max(seq) FROM results), seq, received_ms FROM results
			WHERE seq > ? ORDER BY seq LIMIT 1`, c.migrated).Scan(&last, &first, &received)
		if err != nil {
			return st, fmt.Errorf("counting what is stored: %w", named(err))
		}
		st.Results += last - first + 1
		st.Oldest = time.UnixMilli(received)
	}
	for i := range c.entries {
		e := &c.entries[i]
		switch {
		case e.state == segmentDamaged:
			st.Segments++
			st.Damaged++
		case e.state.readable():
			st.Segments++
			n, err := s.segmentResults(ctx, e)
			if err != nil {
				return st, err
			}
			st.Results += n
			if begun := time.UnixMilli(e.begun); n > 0 && (st.Oldest.IsZero() || begun.Before(st.Oldest)) {
				st.Oldest = begun
			}
		}
	}
	return st, nil
}

// segmentResults returns the number of results in a segment.
func (s *Store) segmentResults(ctx context.Context, e *entry) (int64, error) {
	switch e.state {
	case segmentSealed:
		return e.results, nil
	case segmentEnded:
		return e.next - e.first, nil // each number is that of one result
	}
	a, err := s.acquire(e)
	if err != nil {
		return 0, err
	}
	defer a.release()
	bounds, err := a.Bounds(ctx)
	return max(0, bounds.Next-e.first), err
}
