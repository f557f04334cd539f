package store

import (
	"context"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// A segmentWriter stores one batch in the open segment, under its write lock: first all results get
// their numbers, in the order of their arrival, then each agent's are written together.
type segmentWriter struct {
	s      *Store
	c      *catalogue
	tx     *segment.Tx
	number int64 // of the segment
	at     time.Time
	next   int64 // the number of the next result
	ids    segment.IDs
	agents map[int64]*agentWork
	order  []*agentWork
	older  *olderSegments // nil until it is needed

	thrownAway    int64
	lookedInTable bool
}

// An agentWork is what a batch has of one agent.
type agentWork struct {
	agent   *knownAgent
	contact segment.Contact
	// first is true if it was not seen in this segment before, fresh if nothing is known of it at all.
	first, fresh bool
	// groups are its results, those that arrived at the same time together.
	groups []resultGroup
	// inBatch are the ids of groups; nil until they are needed.
	inBatch map[segment.ID]bool
}

type resultGroup struct {
	received time.Time
	results  []intake.Result
}

func (w *segmentWriter) release() {
	if w.older != nil {
		w.older.release()
	}
}

// work returns what the batch has of an agent, and reads its contact first.
func (w *segmentWriter) work(ctx context.Context, agent *knownAgent) (*agentWork, error) {
	if k := w.agents[agent.key]; k != nil {
		return k, nil
	}
	if agent.key == 0 {
		return nil, fmt.Errorf("agent %q has no number", agent.standing.AgentID)
	}
	k := &agentWork{agent: agent}
	var found bool
	var err error
	if k.contact, found, err = w.tx.Contact(ctx, agent.key); err != nil {
		return nil, inSegment(w.number, err)
	}
	if !found {
		k.first = true
		if k.contact, found, err = w.s.lastContact(ctx, w.c, agent); err != nil {
			return nil, err
		}
		k.fresh = !found && !agent.known
	}
	w.agents[agent.key] = k
	w.order = append(w.order, k)
	return k, nil
}

// add notes an arrival, and gives its results that are new their numbers.
func (w *segmentWriter) add(ctx context.Context, it *item) error {
	a := it.arrival
	k, err := w.work(ctx, it.agent)
	if err != nil {
		return err
	}
	k.note(a)
	first := true // of the arrival's that is new
	for i := range a.Results {
		r := &a.Results[i]
		isNew, err := w.isNew(ctx, k, r, a.Received)
		if err != nil {
			return err
		}
		if !isNew {
			continue
		}
		one := *r
		one.Seq, one.Received = w.next, a.Received
		w.next++
		k.contact.Note(&one)
		// At once, as the next result may be a copy of it.
		if n := len(k.groups); first && (n == 0 || !k.groups[n-1].received.Equal(a.Received)) {
			k.groups = append(k.groups, resultGroup{a.Received, make([]intake.Result, 0, len(a.Results)-i)})
		}
		first = false
		last := &k.groups[len(k.groups)-1]
		last.results = append(last.results, one)
		it.stored++
		if it.fresh != nil {
			it.fresh[i] = true
		}
	}
	return nil
}

// note records that the agent was seen.
func (k *agentWork) note(a *intake.Arrival) {
	c := &k.contact
	c.Seen = max(c.Seen, a.Received.UnixMilli())
	h := a.Hello
	if h == nil {
		return
	}
	c.Hello = h
	if r := a.Access.Registration; r != 0 {
		c.Sessions = sessionsOf(&k.agent.standing, c)
		c.Registration = r
		c.Sessions.Note(h.Session, h.Remote, a.Received)
	}
}

// write writes all of it.
func (w *segmentWriter) write() error {
	for _, k := range w.order {
		for _, g := range k.groups {
			if err := w.tx.Add(k.agent.key, g.received, g.results); err != nil {
				return err
			}
		}
		if err := w.tx.PutContact(k.agent.key, &k.contact); err != nil {
			return err
		}
	}
	return nil
}
