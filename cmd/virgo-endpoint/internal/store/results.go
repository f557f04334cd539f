package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// Results calls fn for each result that f selects; see [intake.History]. Of a damaged file it reads what can be
// read, and returns an *[intake.UnreadError].
func (s *Store) Results(ctx context.Context, f intake.Filter, fn func(intake.Result) error) error {
	r := &resultsReader{s: s, ctx: ctx, f: f, fn: fn, names: map[int64]string{}}
	err := s.snapshot(ctx, func(tx *sql.Tx, c *catalogue) error {
		r.c, r.q = c, tx
		if !c.old {
			// Nothing of this file is needed but names, and a slow reader must not hold a snapshot.
			tx.Rollback()
			r.q = s.read
		}
		if f.AgentID != "" {
			err := r.q.QueryRowContext(ctx, "SELECT key FROM agents WHERE agent_id = ?", f.AgentID).Scan(&r.key)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
		}
		defer r.release()
		if err := r.openSegments(); err != nil {
			return err
		}
		if f.Limit > 0 {
			return r.newest()
		}
		return r.inOrder()
	})
	switch {
	case r.stopped != nil:
		return r.stopped
	case err != nil:
		return fmt.Errorf("reading results: %w", named(err))
	case r.damage != nil:
		return &intake.UnreadError{Results: r.unread, Err: fmt.Errorf("reading results: %w", r.damage)}
	}
	return nil
}

// A resultsReader is one call of Results.
type resultsReader struct {
	s   *Store
	ctx context.Context
	f   intake.Filter
	fn  func(intake.Result) error
	c   *catalogue
	q   rowsQuerier
	key int64 // of the filter's agent; 0 for all

	segments []*acquired // newest first
	names    map[int64]string
	only     map[int64]bool // the numbers of those to pass on; nil for all

	stopped error // of fn, and returned as it is
	damage  error // the first one
	unread  int64 // how many results cannot be read; -1 if it is unknown
}

func (r *resultsReader) release() {
	for _, a := range r.segments {
		a.release()
	}
}

// openSegments opens what may have results. A segment that is too damaged for that is left out.
func (r *resultsReader) openSegments() error {
	for i := len(r.c.entries) - 1; i >= 0; i-- {
		e := &r.c.entries[i]
		if !e.state.readable() {
			continue
		}
		a, err := r.s.acquire(e)
		switch {
		case err == nil:
			r.segments = append(r.segments, a)
			continue
		case isNotExist(err):
			err = r.s.missing(r.ctx, e)
		}
		if err != nil && !errors.Is(err, intake.ErrDamaged) {
			return err
		}
		if err != nil {
			r.note(err, -1)
		}
	}
	return nil
}

// note records damage, and how many results it costs.
func (r *resultsReader) note(err error, unread int64) {
	if r.damage == nil {
		r.damage = err
	}
	if unread < 0 || r.unread < 0 {
		r.unread = -1
	} else {
		r.unread += unread
	}
}

// name returns the id of an agent; a made-up one if it cannot be read.
func (r *resultsReader) name(key int64) string {
	id, ok := r.names[key]
	if !ok {
		if err := r.q.QueryRowContext(r.ctx, "SELECT agent_id FROM agents WHERE key = ?", key).Scan(&id); err != nil {
			id = fmt.Sprintf("(agent %d)", key)
		}
		r.names[key] = id
	}
	return id
}

// selected returns the results of a blob that the filter selects.
func (r *resultsReader) selected(b *segment.Blob) ([]intake.Result, error) {
	if r.f.AgentID != "" && b.Agent != r.key || b.Most < r.since() || !r.f.Until.IsZero() && b.Least >= r.f.Until.UnixMilli() {
		return nil, nil
	}
	list, err := b.Results(nil)
	if err != nil {
		return nil, err
	}
	name := r.name(b.Agent)
	kept := list[:0]
	for i := range list {
		list[i].AgentID = name
		if r.f.Selects(&list[i]) {
			kept = append(kept, list[i])
		}
	}
	return kept, nil
}

// beginning is the place before all blobs.
var beginning = segment.Place{Least: math.MinInt64, Seq: math.MinInt64}

// since is the earliest time that is selected, in ms.
func (r *resultsReader) since() int64 {
	if r.f.Since.IsZero() {
		return math.MinInt64
	}
	return r.f.Since.UnixMilli()
}

// emit passes a result on.
func (r *resultsReader) emit(one intake.Result) error {
	if r.only != nil && !r.only[one.Seq] {
		return r.ctx.Err()
	}
	if err := r.fn(one); err != nil {
		r.stopped = err
		return err
	}
	return r.ctx.Err()
}

// earlier is the order of results.
func earlier(a, b *intake.Result) int {
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Seq, b.Seq))
}
