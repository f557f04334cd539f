package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// maxAttempts bounds how often a batch is begun again because the file, or the segment, is another one now.
const maxAttempts = 20

// Append stores a batch; see [intake.Intake].
func (s *Store) Append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	if err := s.damaged(); err != nil {
		return nil, err
	}
	b := &batchWork{s: s, items: make([]item, len(batch))}
	for i := range batch {
		b.items[i] = item{arrival: &batch[i]}
	}
	if err := b.append(ctx); err != nil {
		return nil, s.stopIfDamaged(fmt.Errorf("storing a batch (arrivals: %d): %w", len(batch), err))
	}
	outcomes := make([]intake.Outcome, len(batch))
	for i := range b.items {
		outcomes[i] = intake.Outcome{Stored: b.items[i].stored, Err: b.items[i].refused}
	}
	return outcomes, nil
}

// A batchWork is a batch on its way: first what changes in this file, if anything, then the segment.
type batchWork struct {
	s     *Store
	items []item
	// permit is asked under the segment's write lock, and its error ends the batch; may be nil.
	permit func(context.Context) error

	at time.Time // the latest arrival
}

// An item is an arrival of a batch.
type item struct {
	arrival *intake.Arrival
	// trusted is true for what was let in otherwise than by an access.
	trusted bool
	// fresh, if not nil, is set to which results were not stored before.
	fresh []bool

	agent   *knownAgent
	refused error // the access is not valid
	noted   bool  // what it changes in this file is changed
	stored  int
}

// append tries until no other process is in between.
func (b *batchWork) append(ctx context.Context) error {
	if err := b.check(ctx); err != nil || len(b.items) == 0 {
		return err
	}
	s := b.s
	s.appending.Lock()
	defer s.appending.Unlock()
	for range maxAttempts {
		c, err := s.catalogue(ctx)
		if err != nil {
			return err
		}
		if err := s.hasSpace(c); err != nil {
			return err
		}
		if err := b.resolve(ctx, c); err != nil {
			return err
		}
		if b.changesAgents(c) {
			if err := b.changeAgents(ctx); err != nil {
				return err
			}
			continue
		}
		done, err := b.intoSegment(ctx, c)
		if number, ok := isDamaged(err); ok {
			// It costs itself alone: it is set aside, and results go to the next one.
			if _, aside := s.setAside(ctx, number, err); aside != nil {
				return fmt.Errorf("%w; the damage: %v", aside, err) // tried again with the next batch
			}
			continue
		}
		if err != nil || done {
			return err
		}
	}
	return errors.New("other processes change the store all the time")
}

// check returns an error for what no segment takes, before anything is written.
func (b *batchWork) check(ctx context.Context) error {
	for i := range b.items {
		a := b.items[i].arrival
		if a.Received.IsZero() {
			return fmt.Errorf("an arrival of agent %q has no time", a.AgentID)
		}
		if a.Received.After(b.at) {
			b.at = a.Received
		}
	}
	return ctx.Err()
}

// resolve finds out who the agents are and whether they may store.
func (b *batchWork) resolve(ctx context.Context, c *catalogue) (err error) {
	for i := range b.items {
		it := &b.items[i]
		a := it.arrival
		if it.agent, err = b.s.agent(ctx, c, a.AgentID); err != nil {
			return err
		}
		if it.refused = nil; it.trusted || a.OtherKey != nil {
			continue
		}
		open, err := b.s.isOpenFor(ctx, c, it.agent, grant{a.AgentID, a.Access}, a.Received)
		if err != nil {
			return err
		}
		if !open {
			it.refused = a.Access.Withdrawn()
		}
	}
	return nil
}

// intoSegment stores what is to be stored. done is false if the batch has to be resolved anew: with another segment,
// or because something changed in this file.
func (b *batchWork) intoSegment(ctx context.Context, c *catalogue) (done bool, err error) {
	if !b.stores() {
		return true, nil
	}
	s := b.s
	e, err := s.openEntry(ctx, c, b.at)
	if err != nil {
		return false, err
	}
	a, err := s.acquire(e)
	if errors.Is(err, fs.ErrNotExist) {
		return false, s.missing(ctx, e)
	}
	if err != nil {
		return false, err
	}
	defer a.release()
	tx, err := a.Begin(ctx)
	if errors.Is(err, segment.ErrSealed) {
		a.release()
		return false, s.rollOver(ctx, e.number, b.at)
	}
	if err != nil {
		return false, inSegment(e.number, err)
	}
	defer tx.Rollback()
	// Whoever withdraws an access waits for this lock after that is committed. So what is read now is
	// true until the commit.
	now, err := s.catalogue(ctx)
	if err != nil {
		return false, err
	}
	if open := now.open(); open == nil || open.number != e.number {
		return false, nil
	}
	if now != c {
		if err := b.resolve(ctx, now); err != nil {
			return false, err
		}
		if b.changesAgents(now) {
			return false, nil
		}
	}
	if b.permit != nil {
		if err := b.permit(ctx); err != nil {
			return false, err
		}
	}
	return b.store(ctx, now, e.number, tx)
}

// stores reports whether anything goes into the segment.
func (b *batchWork) stores() bool {
	for i := range b.items {
		if it := &b.items[i]; it.refused == nil && it.arrival.OtherKey == nil {
			return true
		}
	}
	return false
}

// store stores the batch under the segment's write lock.
func (b *batchWork) store(ctx context.Context, c *catalogue, number int64, tx *segment.Tx) (done bool, err error) {
	w := segmentWriter{s: b.s, c: c, tx: tx, number: number, at: b.at, next: tx.Next(), agents: map[int64]*agentWork{}}
	defer w.release()
	for i := range b.items {
		it := &b.items[i]
		it.stored = 0
		clear(it.fresh)
		if it.refused != nil || it.arrival.OtherKey != nil {
			continue
		}
		if err := w.add(ctx, it); err != nil {
			return false, err
		}
	}
	if err := w.write(); err != nil {
		return false, inSegment(number, err)
	}
	if w.lookedInTable {
		// The migration may have moved a row between the look into the segments and that into the table.
		now, err := b.s.catalogue(ctx)
		if err != nil || now.migrated != c.migrated || now.old != c.old || now.hasOld != c.hasOld {
			return false, err
		}
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if err := tx.Commit(); err != nil {
		return false, inSegment(number, err)
	}
	// The results are acknowledged, so the count may be too low after a kill or an error.
	_ = b.s.countThrownAway(context.WithoutCancel(ctx), w.thrownAway)
	return true, nil
}
