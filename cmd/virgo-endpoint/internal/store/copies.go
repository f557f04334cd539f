package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// isNew reports whether a result was never stored, so that it is stored now. One whose order is above all that are known of
// its agent is new without a look-up. Others are looked up by their exact id. What is not found and was made
// before the floor may be a copy of what was deleted, and is thrown away.
func (w *segmentWriter) isNew(ctx context.Context, k *agentWork, r *intake.Result, received time.Time) (bool, error) {
	if r.ResultID == "" {
		return true, nil
	}
	id := w.ids.Of(r.ResultID)
	order, ordered := id.Order()
	if ordered && !k.agent.unsure && k.isAbove(order) {
		k.contact.Highest, k.contact.HasHighest = order, true
		if k.inBatch != nil {
			k.inBatch[id] = true
		}
		return true, nil
	}
	if k.has(&w.ids, id) {
		return false, nil
	}
	if !k.fresh {
		found, err := w.find(ctx, k, r, id)
		if err != nil || found {
			return false, err
		}
		if w.c.belowFloor(r, received) {
			w.thrownAway++
			return false, nil
		}
	}
	if ordered && (!k.contact.HasHighest || order > k.contact.Highest) {
		k.contact.Highest, k.contact.HasHighest = order, true
	}
	k.inBatch[id] = true
	return true, nil
}

// isAbove reports whether an order is above all that are known of the agent.
func (k *agentWork) isAbove(order uint64) bool {
	if k.agent.highest >= 0 && order <= uint64(k.agent.highest) {
		return false
	}
	// Without one, results of the agent may be known that have no order, but none that have one.
	return !k.contact.HasHighest || order > k.contact.Highest
}

// has reports whether the batch has the id already.
func (k *agentWork) has(ids *segment.IDs, id segment.ID) bool {
	if k.inBatch == nil {
		k.inBatch = map[segment.ID]bool{}
		for _, g := range k.groups {
			for i := range g.results {
				if text := g.results[i].ResultID; text != "" {
					k.inBatch[ids.Of(text)] = true
				}
			}
		}
	}
	return k.inBatch[id]
}

// find looks a result up in this segment, in those before it, and in the table.
func (w *segmentWriter) find(ctx context.Context, k *agentWork, r *intake.Result, id segment.ID) (bool, error) {
	if !k.first {
		found, err := w.tx.Has(ctx, k.agent.key, id)
		if err != nil || found {
			return found, inSegment(w.number, err)
		}
	}
	if w.older == nil {
		w.older = &olderSegments{s: w.s, c: w.c, skip: w.number}
	}
	found, err := w.older.has(ctx, k.agent.key, id)
	if err != nil || found {
		return found, err
	}
	if !w.c.old {
		return false, nil
	}
	w.lookedInTable = true
	err = w.s.ask.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM results WHERE agent = ? AND result_id = ? AND seq > ?)",
		k.agent.key, r.ResultID, w.c.migrated).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return found, err
}

// olderSegments looks results up in all segments but one, newest first. It opens each once.
type olderSegments struct {
	s      *Store
	c      *catalogue
	skip   int64
	opened []*acquired
	next   int // the index below which entries of c are not opened yet
	began  bool
	// contacts are those of the agent that was looked up last, in the order of opened; nil where a segment has none.
	agent    int64
	contacts []*segment.Contact
}

func (o *olderSegments) release() {
	for _, a := range o.opened {
		a.release()
	}
}

// at returns the i-th segment; nil if there are no more.
func (o *olderSegments) at(ctx context.Context, i int) (*acquired, error) {
	if !o.began {
		o.next, o.began = len(o.c.entries), true
	}
	for len(o.opened) <= i {
		if o.next--; o.next < 0 {
			o.next = 0
			return nil, nil
		}
		e := &o.c.entries[o.next]
		if e.number == o.skip || !e.state.readable() {
			continue
		}
		a, err := o.s.acquire(e)
		if errors.Is(err, fs.ErrNotExist) {
			if err = o.s.missing(ctx, e); err == nil {
				continue
			}
		}
		if err != nil {
			o.next++
			return nil, err
		}
		o.opened = append(o.opened, a)
	}
	return o.opened[i], nil
}

// contact returns what the i-th segment knows of an agent; nil if it was not seen there.
func (o *olderSegments) contact(ctx context.Context, i int, a *acquired, agent int64) (*segment.Contact, error) {
	if o.agent != agent {
		o.agent, o.contacts = agent, o.contacts[:0]
	}
	if i < len(o.contacts) {
		return o.contacts[i], nil
	}
	k, found, err := a.Contact(ctx, agent)
	if err != nil {
		return nil, err
	}
	var p *segment.Contact
	if found {
		p = &k
	}
	o.contacts = append(o.contacts, p)
	return p, nil
}

// has reports whether a result is in one of the segments. It is in none in which all orders that were known of
// the agent are below the result's, as a contact knows the highest of all results before.
func (o *olderSegments) has(ctx context.Context, agent int64, id segment.ID) (found bool, err error) {
	order, ordered := id.Order()
	for i := 0; ; i++ {
		a, err := o.at(ctx, i)
		if err != nil || a == nil {
			return false, err
		}
		k, err := o.contact(ctx, i, a, agent)
		if err != nil {
			return false, inSegment(a.Number(), err)
		}
		switch {
		case k == nil:
			continue
		case ordered && a.Number() > migratedNumbers && (!k.HasHighest || order > k.Highest):
			continue // nor is it in the ones before, but for segments of the migration, which have a contact of their own
		}
		err = a.Has(ctx, agent, []segment.ID{id}, func(int) { found = true })
		if err != nil || found {
			return found, inSegment(a.Number(), err)
		}
	}
}
