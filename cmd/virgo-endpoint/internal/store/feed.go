package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// After calls fn for results in the order of their arrival; see [intake.Feed].
//
// The numbers of a segment's results have no gaps, and a segment begins behind the one before. So what is missing between
// two results that can be read was deleted, or cannot be read: it is counted without knowing which. The rows of a store of
// before segments get their final numbers when they move into segments, so whoever wants them waits for that.
func (s *Store) After(
	ctx context.Context, seq int64, limit int, fn func(intake.AgentNumber, *intake.Result) error,
) (next, lost int64, err error) {
	f := &feedReader{s: s, ctx: ctx, at: seq, left: limit, fn: fn}
	if f.c, err = s.catalogue(ctx); err == nil {
		err = f.read()
	}
	switch {
	case f.stopped != nil:
		err = f.stopped
	case errors.Is(err, errEnough):
		err = nil
	case err != nil:
		err = fmt.Errorf("reading new results: %w", named(err))
	}
	return f.at, f.lost, err
}

// Newest returns the number of the newest result; see [intake.Feed].
func (s *Store) Newest(ctx context.Context) (int64, error) {
	c, err := s.catalogue(ctx)
	if err != nil {
		return 0, err
	}
	newest := int64(0)
	for i := range c.entries {
		e := &c.entries[i]
		if e.state == segmentFilling {
			continue
		}
		newest = max(newest, e.first-1, e.next-1)
		if e.state != segmentOpen {
			continue
		}
		seg, err := s.acquire(e)
		if isNotExist(err) || errors.Is(err, intake.ErrDamaged) {
			continue // the next batch sets it aside
		}
		if err != nil {
			return 0, err
		}
		next, err := seg.Next(ctx)
		seg.release()
		if err != nil && !errors.Is(err, intake.ErrDamaged) {
			return 0, err
		}
		newest = max(newest, next-1)
	}
	row, err := s.lastRow(ctx, c)
	return max(newest, row), err
}

// lastRow returns the number of the last result that is in no segment; 0 if there is none.
func (s *Store) lastRow(ctx context.Context, c *catalogue) (int64, error) {
	if !c.old {
		return 0, nil
	}
	var last sql.NullInt64
	if err := s.read.QueryRowContext(ctx, "SELECT max(seq) FROM results").Scan(&last); err != nil {
		return 0, fmt.Errorf("reading new results: %w", named(err))
	}
	return last.Int64, nil
}

// errEnough ends reading when as many results were passed on as are wanted.
var errEnough = errors.New("enough results")

// A feedReader is one call of After.
type feedReader struct {
	s   *Store
	ctx context.Context
	c   *catalogue

	at, lost int64
	left     int
	fn       func(intake.AgentNumber, *intake.Result) error
	stopped  error // of fn, and returned as it is
	results  []intake.Result
}

func (f *feedReader) read() error {
	if f.left <= 0 {
		return nil
	}
	row, err := f.s.lastRow(f.ctx, f.c)
	if err != nil {
		return err
	}
	for i := range f.c.entries {
		e := &f.c.entries[i]
		if e.number > migratedNumbers && f.at < row {
			return nil
		}
		if e.state == segmentFilling || e.next > 0 && e.next <= f.at+1 {
			continue
		}
		f.pass(e.first-1, math.MaxInt64)
		if err := f.entry(e); err != nil {
			return err
		}
	}
	return nil
}

// pass goes on to a number. What is between was deleted or cannot be read; no more than most of it was results.
func (f *feedReader) pass(to, most int64) {
	if to <= f.at {
		return
	}
	if f.at > 0 { // else everything is behind it that there is
		f.lost += min(to-f.at, most)
	}
	f.at = to
}

// entry passes on the results of a segment.
func (f *feedReader) entry(e *entry) error {
	if !e.state.readable() {
		f.skip(e)
		return nil
	}
	seg, err := f.s.acquire(e)
	if isNotExist(err) {
		if err = f.s.missing(f.ctx, e); err == nil {
			f.skip(e) // deleted meanwhile
			return nil
		}
	}
	if errors.Is(err, intake.ErrDamaged) {
		f.skip(e)
		return nil
	}
	if err != nil {
		return err
	}
	defer seg.release()
	// What is stored from now on has later numbers than these.
	next, err := seg.Next(f.ctx)
	if errors.Is(err, intake.ErrDamaged) {
		f.skip(e)
		return nil
	}
	if err != nil {
		return err
	}
	return f.segment(seg, next-1)
}

// skip goes on behind a segment that is not there or cannot be read. Where nobody knows how far it went, nothing is known
// to be behind it yet, or as many numbers as results were left out.
func (f *feedReader) skip(e *entry) {
	if e.next == 0 {
		return
	}
	most := int64(math.MaxInt64)
	if e.next-e.first >= lostNumbers {
		most = max(1, e.results-(f.at-e.first+1))
	}
	f.pass(e.next-1, most)
}

// segment passes on what a segment has up to a number.
func (f *feedReader) segment(seg *acquired, through int64) error {
	if through <= f.at {
		return nil
	}
	from, err := seg.Holding(f.ctx, f.at+1)
	if errors.Is(err, intake.ErrDamaged) {
		from = f.at + 1 - segment.MaxCount
	} else if err != nil {
		return err
	}
	err = seg.Blobs(f.ctx, from-1, through, f.blob)
	if err != nil && (f.stopped != nil || !errors.Is(err, intake.ErrDamaged)) {
		return err
	}
	f.pass(through, math.MaxInt64)
	return nil
}

// blob passes on the results of a blob that are behind the place.
func (f *feedReader) blob(b *segment.Blob) error {
	if b.Seq+int64(b.Count) <= f.at+1 {
		return nil
	}
	list, err := b.Results(f.results[:0])
	if errors.Is(err, intake.ErrDamaged) {
		return nil // counted with the next one that can be read
	}
	if err != nil {
		return err
	}
	f.results = list
	name, err := f.s.agentName(f.ctx, f.c, b.Agent)
	if err != nil {
		return err
	}
	for i := range list {
		r := &list[i]
		if r.Seq <= f.at {
			continue
		}
		r.AgentID = name
		if err := f.one(b.Agent, r); err != nil {
			return err
		}
	}
	return nil
}

// one passes a result on.
func (f *feedReader) one(agent int64, r *intake.Result) error {
	if f.left == 0 {
		return errEnough
	}
	if err := f.fn(intake.AgentNumber(agent), r); err != nil {
		f.stopped = err
		return err
	}
	f.pass(r.Seq-1, math.MaxInt64)
	f.at = r.Seq
	f.left--
	return nil
}

// agentNames are the ids of agents as of a catalogue: it is read anew whenever the file of identities was changed.
type agentNames struct {
	mu    sync.Mutex
	at    *catalogue
	known map[int64]string
}

// agentName returns the id of an agent; a made-up one if there is none.
func (s *Store) agentName(ctx context.Context, c *catalogue, key int64) (string, error) {
	n := &s.names
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.at != c {
		n.at, n.known = c, map[int64]string{}
	}
	if id, ok := n.known[key]; ok {
		return id, nil
	}
	var id string
	err := s.read.QueryRowContext(ctx, "SELECT agent_id FROM agents WHERE key = ?", key).Scan(&id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		id = fmt.Sprintf("(agent %d)", key)
	case err != nil:
		return "", err
	}
	n.known[key] = id
	return id, nil
}
