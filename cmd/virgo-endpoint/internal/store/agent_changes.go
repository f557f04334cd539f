package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// tokenNoted is the precision of when a legacy token was used last: in between, a session of its agents
// writes nothing in this file.
const tokenNoted = time.Minute

// changesAgents reports whether an arrival changes this file: what is not the ordinary session of a known
// agent.
func (b *batchWork) changesAgents(c *catalogue) bool {
	any := false
	for i := range b.items {
		it := &b.items[i]
		if it.noted || it.refused != nil {
			continue
		}
		if b.changes(c, it) {
			any = true
		}
	}
	return any
}

func (b *batchWork) changes(c *catalogue, it *item) bool {
	a := it.arrival
	return a.OtherKey != nil || len(a.Refusals) > 0 || it.agent.key == 0 || !it.agent.standing.Removed.IsZero() || b.usesToken(c, it)
}

// usesToken reports whether an arrival is a use of a token that has to be noted.
func (b *batchWork) usesToken(c *catalogue, it *item) bool {
	a := it.arrival
	if a.Hello == nil || a.Access.Token == 0 || it.trusted {
		return false
	}
	t, err := b.s.token(context.Background(), c, grant{a.AgentID, a.Access})
	return err == nil && t != nil && (t.LastUsed.IsZero() || a.Received.Sub(t.LastUsed) >= tokenNoted)
}

// changeAgents changes them in one synced transaction, in which accesses are verified again.
func (b *batchWork) changeAgents(ctx context.Context) error {
	t, err := b.s.begin(ctx)
	if err != nil {
		return err
	}
	defer t.rollback()
	for i := range b.items {
		if it := &b.items[i]; !it.noted && it.refused == nil {
			if err := t.change(it); err != nil {
				return fmt.Errorf("agent %q: %w", it.arrival.AgentID, err)
			}
		}
	}
	if err := t.commit(); err != nil {
		return err
	}
	for i := range b.items {
		b.items[i].noted = true
	}
	return b.s.at("agents changed")
}

func (t *transaction) change(it *item) error {
	a := it.arrival
	if a.OtherKey != nil {
		return t.addOtherKey(a)
	}
	if !it.trusted {
		open, err := t.isOpen(a.AgentID, a.Access, a.Received)
		if err != nil || !open {
			return err
		}
	}
	ms := millis(a.Received)
	row, err := t.agent(a.AgentID, ms)
	if err != nil {
		return err
	}
	if a.Hello != nil && a.Access.Token != 0 {
		if _, err := t.stmt(t.st.used).ExecContext(t.ctx, a.Access.Token, ms); err != nil {
			return err
		}
	}
	for i := range a.Refusals {
		if err := t.addRefused(row, &a.Refusals[i], ms); err != nil {
			return err
		}
	}
	return nil
}

// barrier waits until each batch is stored, or was not begun yet, that may have been let in by what was
// withdrawn before.
func (s *Store) barrier(ctx context.Context) error {
	c, err := s.catalogue(ctx)
	if err != nil {
		return err
	}
	e := c.open()
	if e == nil {
		return nil
	}
	_, err = s.using(ctx, e, func(a *acquired) (bool, error) {
		tx, err := a.Begin(ctx)
		if err == nil {
			tx.Rollback()
		}
		return true, err
	})
	if errors.Is(err, segment.ErrSealed) || errors.Is(err, intake.ErrDamaged) {
		return nil // nothing is committed there any more
	}
	return err
}
