package history

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Bounds of one transaction.
const (
	transactionAgents = 256
	transactionBytes  = 8 << 20
	transactionRows   = 256
)

// Advance makes columns of all results up to the one whose Seq is to, and returns when they are. If it is
// interrupted, the next call goes on where it stopped. between is called between its transactions, if it is not
// nil; an error of it ends Advance and is returned.
//
// One process calls it at a time, for it would only find out at the end of a transaction that another one was faster
// (errOvertaken).
func (h *History) Advance(ctx context.Context, source Arrivals, to int64, between func() error) error {
	for {
		s, err := readState(ctx, h.read)
		if err != nil {
			return err
		}
		if s.closing == 0 {
			if to <= s.closed {
				return nil
			}
			s.closing, s.after = to, -1
		}
		if err := h.close(ctx, source, s, between); err != nil {
			return fmt.Errorf("making the history of results up to %d: %w", s.closing, err)
		}
	}
}

// close does the closing that s describes.
func (h *History) close(ctx context.Context, source Arrivals, s state, between func() error) error {
	c := &closing{h: h, ctx: ctx, state: s, agent: -1, between: between}
	defer c.rollback()
	add := func(agent int64, res *intake.Result) error {
		c.failed = c.add(agent, res)
		return c.failed
	}
	if err := source.Each(ctx, s.closed, s.closing, s.after, add); err != nil {
		if c.failed != nil {
			return named(err)
		}
		return err // of the source: it says nothing about this file
	}
	if err := c.finishAgent(); err != nil {
		return named(err)
	}
	return named(c.commit(state{closed: s.closing, after: -1}))
}

// A closing is one under way.
type closing struct {
	h       *History
	ctx     context.Context
	state   state // as it is in the file
	between func() error
	failed  error // of add

	agent      int64 // -1 if there is none yet
	gatherer   gatherer
	dictionary *dictionary

	tx     *rows
	agents int // in tx
	encode encoder
	buffer []byte
}

// add adds a result of an agent.
func (c *closing) add(agent int64, res *intake.Result) error {
	if agent != c.agent {
		if err := c.finishAgent(); err != nil {
			return err
		}
		if err := c.beginAgent(agent); err != nil {
			return err
		}
	}
	c.gatherer.add(res)
	if c.gatherer.size >= maxChunkSize {
		return c.flush()
	}
	return nil
}

func (c *closing) beginAgent(agent int64) (err error) {
	if err := checkAgent(agent); err != nil {
		return err
	}
	if c.tx == nil {
		if c.tx, err = c.h.begin(c.ctx); err != nil {
			return err
		}
	}
	if c.dictionary, err = c.tx.dictionary(agent); err != nil {
		return err
	}
	c.agent = agent
	c.gatherer.reset(c.dictionary)
	return nil
}

// finishAgent writes what is gathered of the agent, and commits if the transaction is large enough.
func (c *closing) finishAgent() error {
	if c.agent < 0 {
		return nil
	}
	if err := c.flush(); err != nil {
		return err
	}
	if err := c.h.at("history: columns written"); err != nil {
		return err
	}
	done := c.agent
	c.agent = -1
	if c.agents++; c.agents < c.h.batch && c.tx.written < transactionBytes {
		return nil
	}
	next := c.state
	next.after = done
	if err := c.commit(next); err != nil {
		return err
	}
	if c.between != nil {
		return c.between()
	}
	return nil
}

// flush writes what is gathered of the agent.
func (c *closing) flush() error {
	g := &c.gatherer
	hours := slices.Sorted(maps.Keys(g.hours))
	for len(hours) > 0 {
		n := 1
		for n < len(hours) && dayOf(hours[n]) == dayOf(hours[0]) {
			n++
		}
		if err := c.day(dayOf(hours[0]), hours[:n]); err != nil {
			return err
		}
		hours = hours[n:]
	}
	c.dictionary.trim()
	if c.dictionary.changed {
		if err := c.tx.put("series", c.agent, c.dictionary.append(c.buffer[:0])); err != nil {
			return err
		}
		c.dictionary.changed = false
	}
	g.reset(c.dictionary)
	return nil
}

// commit writes the mark and commits.
func (c *closing) commit(next state) (err error) {
	if c.tx == nil {
		if c.tx, err = c.h.begin(c.ctx); err != nil {
			return err
		}
	}
	tx := c.tx
	c.tx, c.agents = nil, 0
	err = tx.setMark(c.state, next)
	if err == nil {
		err = c.h.at("history: mark moved")
	}
	if err != nil {
		tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	c.state = next
	return c.h.at("history: committed")
}

func (c *closing) rollback() {
	if c.tx != nil {
		c.tx.Rollback()
	}
}
