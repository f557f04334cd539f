package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/history"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// openHistory is the history, once it was needed. It is made by the process that maintains the store.
type openHistory struct {
	mu sync.Mutex // guards h, and is held while the file is opened, made, closed or renamed
	h  *history.History
}

// historyFile returns the history; nil if there is none yet and create is false.
func (s *Store) historyFile(ctx context.Context, create bool) (*history.History, error) {
	s.history.mu.Lock()
	defer s.history.mu.Unlock()
	if s.history.h != nil {
		return s.history.h, nil
	}
	if _, err := os.Stat(s.historyPath()); errors.Is(err, os.ErrNotExist) && !create {
		return nil, nil
	}
	h, err := history.Open(ctx, s.historyPath())
	if err != nil {
		return nil, err
	}
	if s.step != nil {
		h.Watch(s.step, s.mergeAtOnce)
	}
	s.history.h = h
	return h, nil
}

func (o *openHistory) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closeLocked()
}

// closeLocked is close for those that hold mu.
func (o *openHistory) closeLocked() error {
	h := o.h
	o.h = nil
	if h == nil {
		return nil
	}
	return h.Close()
}

// agentKey returns the number of an agent. Error: intake.ErrNoAgent.
func (s *Store) agentKey(ctx context.Context, agentID string) (key int64, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT key FROM agents WHERE agent_id = ?", agentID).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, intake.ErrNoAgent
	}
	if err != nil {
		return 0, fmt.Errorf("reading agents: %w", named(err))
	}
	return key, nil
}

// Series lists the series of an agent; see [intake.SeriesHistory].
func (s *Store) Series(ctx context.Context, agentID string) ([]intake.Series, error) {
	key, err := s.agentKey(ctx, agentID)
	if err != nil {
		return nil, err
	}
	h, err := s.historyFile(ctx, false)
	if err != nil {
		return nil, err
	}
	return h.Series(ctx, arrivals{s}, key)
}

// Points calls fn for the points of a series; see [intake.SeriesHistory].
func (s *Store) Points(ctx context.Context, q intake.SeriesQuery, fn func(intake.Point) error) error {
	key, err := s.agentKey(ctx, q.AgentID)
	if err != nil {
		return err
	}
	h, err := s.historyFile(ctx, false)
	if err != nil {
		return err
	}
	return h.Points(ctx, arrivals{s}, key, q, fn)
}

// arrivals are the results of the segments, and of a store of before segments, as package history reads them.
type arrivals struct{ s *Store }

// Each implements [history.Arrivals]. The results are those of one segment: see Store.advance.
func (a arrivals) Each(ctx context.Context, from, to, after int64, fn func(agent int64, r *intake.Result) error) error {
	c, err := a.s.catalogue(ctx)
	if err != nil {
		return err
	}
	for i := range c.entries {
		e := &c.entries[i]
		if !e.state.readable() || e.first > to || e.state != segmentOpen && e.next <= from+1 {
			continue
		}
		seg, err := a.s.acquire(e)
		if isNotExist(err) {
			err = a.s.missing(ctx, e)
			if err == nil {
				continue
			}
		}
		if errors.Is(err, intake.ErrDamaged) {
			continue // as what cannot be read of a segment: the history of others, and what waits for it, goes on
		}
		if err != nil {
			return err
		}
		err = eachByAgent(ctx, seg, from, to, after, fn)
		seg.release()
		if err != nil {
			return err
		}
	}
	return nil
}

// eachByAgent passes on the results of a segment. What cannot be read is left out: results of others must not wait for it.
func eachByAgent(
	ctx context.Context, seg *acquired, from, to, after int64, fn func(agent int64, r *intake.Result) error,
) error {
	var stopped error
	var results []intake.Result
	done := segment.Blob{Agent: after, Seq: math.MaxInt64}
	pass := func(b *segment.Blob) error {
		if cmp.Or(cmp.Compare(b.Agent, done.Agent), cmp.Compare(b.Seq, done.Seq)) <= 0 {
			return nil
		}
		list, err := b.Results(results[:0])
		if errors.Is(err, intake.ErrDamaged) {
			return nil
		}
		results = list
		for i := range list {
			if err == nil && list[i].Seq > from && list[i].Seq <= to {
				err = fn(b.Agent, &list[i])
			}
		}
		stopped, done.Agent, done.Seq = err, b.Agent, b.Seq
		return err
	}
	err := seg.ByAgent(ctx, max(from-segment.MaxCount, 0), to, pass)
	if stopped != nil || !errors.Is(err, intake.ErrDamaged) {
		return err
	}
	var left []segment.Blob
	if err := seg.Blobs(ctx, max(from-segment.MaxCount, 0), to, func(b *segment.Blob) error {
		left = append(left, segment.Blob{Seq: b.Seq, Agent: b.Agent})
		return nil
	}); err != nil && !errors.Is(err, intake.ErrDamaged) {
		return err
	}
	slices.SortFunc(left, func(a, b segment.Blob) int { return cmp.Or(cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.Seq, b.Seq)) })
	for i := range left {
		err := seg.Load(ctx, &left[i])
		if err == nil {
			err = pass(&left[i])
		}
		if err != nil && (stopped != nil || !errors.Is(err, intake.ErrDamaged)) {
			return err
		}
	}
	return nil
}

// Of implements [history.Arrivals].
func (a arrivals) Of(ctx context.Context, agent, from int64, fn func(r *intake.Result) error) error {
	return a.s.snapshot(ctx, func(tx *sql.Tx, c *catalogue) error {
		if c.old {
			if err := oldOf(ctx, tx, agent, max(from, c.migrated), fn); err != nil {
				return err
			}
		}
		tx.Rollback() // the segments are read without it, and others wait for its connection
		for i := range c.entries {
			e := &c.entries[i]
			if !e.state.readable() || e.state != segmentOpen && e.next <= from+1 {
				continue
			}
			seg, err := a.s.acquire(e)
			if isNotExist(err) {
				err = a.s.missing(ctx, e)
				if err == nil {
					continue
				}
			}
			if err != nil {
				return err
			}
			err = ofAgent(ctx, seg, agent, from, fn)
			seg.release()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ofAgent passes on the results of an agent in a segment.
func ofAgent(ctx context.Context, seg *acquired, agent, from int64, fn func(r *intake.Result) error) error {
	blobs, err := seg.OfAgent(ctx, agent, math.MinInt64)
	if err != nil {
		return err
	}
	slices.SortFunc(blobs, func(a, b segment.Blob) int { return cmp.Compare(a.Seq, b.Seq) })
	var results []intake.Result
	for i := range blobs {
		b := &blobs[i]
		if b.Seq+int64(b.Count) <= from+1 {
			continue
		}
		if err := seg.Load(ctx, b); err != nil {
			return err
		}
		if results, err = b.Results(results[:0]); err != nil {
			return err
		}
		for j := range results {
			if results[j].Seq <= from {
				continue
			}
			if err := fn(&results[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

// oldOf passes on the results of an agent that are in no segment yet.
func oldOf(ctx context.Context, tx *sql.Tx, agent, above int64, fn func(r *intake.Result) error) error {
	rows, err := tx.QueryContext(ctx, `SELECT seq, agent, result_id, check_id, check_type, state, status, timestamp_ms, received_ms,
		result_order, late, age_ms, clock_offset_ms, refused, params FROM results WHERE agent = ? AND seq > ? ORDER BY seq`, agent, above)
	if err != nil {
		return fmt.Errorf("reading results: %w", named(err))
	}
	defer rows.Close()
	for rows.Next() {
		var r intake.Result
		var key int64
		if err := scanResult(rows, &r, &key); err != nil {
			return fmt.Errorf("reading results: %w", named(err))
		}
		if err := fn(&r); err != nil {
			return err
		}
	}
	return named(rows.Err())
}
