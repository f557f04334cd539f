package agent

import (
	"context"
	"slices"
	"time"

	"virgo/spool"
	"virgo/transport"
)

// How much of the backlog is read at a time: enough to keep the window full, little enough to stay small.
const (
	batchRecords = 64
	batchBytes   = 64 << 10
	// manyBatches make a long delivery, which is worth some thrift.
	manyBatches = 4
)

// A Selection says what a delivery hands over of what waits, and in which order. The zero value: all of it, the
// oldest first.
type Selection struct {
	NewestFirst bool
	// MaxAge leaves results where they are that were made longer ago; zero leaves none.
	MaxAge time.Duration
}

// A queue is the transport's view of what waits: a report of what was lost, this run's results, then the
// backlog, oldest first.
type queue struct {
	agent *Agent
	// link that the delivery goes over; deliver sets it.
	link *link
	// fresh are this run's results, not yet settled. In memory alone, where memory is set.
	fresh  []spool.Record
	memory bool
	// backlog is false where the spool is known to hold nothing but fresh.
	backlog bool
	Selection
	// loss is to be reported where its ID is not empty.
	loss spool.Loss

	handedOut    bool   // loss and fresh were given out in this session
	batches      int    // of the backlog that were read
	at           uint64 // the backlog was given out up to here in this session; 0: not yet
	passed       int    // results that are too old for the selection, in this session
	settledFresh int
	refused      int
	delivered    int
}

// rewind makes a new session begin where it must: whatever was not settled is given out again.
func (q *queue) rewind() { q.handedOut, q.at, q.passed = false, 0, 0 }

// Next gives the next posts; none when all was given out.
func (q *queue) Next(ctx context.Context) ([]transport.Post, error) {
	if !q.handedOut {
		q.handedOut = true
		var first []transport.Post
		if q.loss.ID != "" && q.link.mayReport() {
			now := q.agent.Now()
			first = append(first, transport.Post{Key: lossKey, Params: post(lossRecord(q.loss, now), now)})
		}
		if first = q.appendPosts(first, q.fresh); len(first) > 0 {
			return first, nil
		}
	}
	if !q.backlog {
		return nil, nil
	}
	for {
		records, err := q.read(ctx)
		if err != nil || len(records) == 0 {
			return nil, err
		}
		if q.batches++; q.batches == manyBatches && q.agent.Large != nil {
			q.agent.Large() // what each leaves behind must not pile up
		}
		q.at = records[len(records)-1].Seq
		if !q.memory {
			records = slices.DeleteFunc(records, func(r spool.Record) bool { return q.isFresh(r.Seq) })
		}
		if q.MaxAge > 0 {
			all, oldest := len(records), q.agent.Now().Add(-q.MaxAge)
			records = slices.DeleteFunc(records, func(r spool.Record) bool { return r.Made.Before(oldest) })
			q.passed += all - len(records)
		}
		if len(records) > 0 {
			return q.appendPosts(nil, records), nil
		}
	}
}

// read gives the next of the backlog.
func (q *queue) read(ctx context.Context) ([]spool.Record, error) {
	if q.NewestFirst {
		return q.agent.Spool.ReadBack(ctx, q.at, batchRecords, batchBytes)
	}
	return q.agent.Spool.Read(ctx, q.at, batchRecords, batchBytes)
}

func (q *queue) isFresh(seq uint64) bool {
	return slices.ContainsFunc(q.fresh, func(r spool.Record) bool { return r.Seq == seq })
}

// appendPosts makes records ready to be sent now.
func (q *queue) appendPosts(posts []transport.Post, records []spool.Record) []transport.Post {
	now := q.agent.Now()
	posts = slices.Grow(posts, len(records))
	for _, r := range records {
		posts = append(posts, transport.Post{Key: r.Seq, Params: post(r, now)})
	}
	return posts
}

// Settle takes what was acknowledged or refused out of the spool.
func (q *queue) Settle(ctx context.Context, outcomes []transport.Outcome) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	settled := make([]spool.Outcome, 0, len(outcomes))
	var loss *transport.Outcome
	for i, o := range outcomes {
		if o.Key == lossKey {
			loss = &outcomes[i]
			continue
		}
		s := spool.Outcome{Seq: o.Key}
		if o.Refused != nil {
			s.Refused = &spool.Refusal{Code: o.Refused.Code, Message: o.Refused.Message}
		}
		settled = append(settled, s)
	}
	if err := q.settleInSpool(ctx, settled, loss); err != nil {
		return err
	}
	q.answered(loss)
	for _, o := range outcomes {
		switch {
		case o.Key == lossKey:
		case o.Refused != nil:
			q.refused++
		default:
			q.delivered++
		}
	}
	before := len(q.fresh)
	q.fresh = slices.DeleteFunc(q.fresh, func(r spool.Record) bool {
		return slices.ContainsFunc(outcomes, func(o transport.Outcome) bool { return o.Key == r.Seq })
	})
	q.settledFresh += before - len(q.fresh)
	if q.agent.Progress != nil {
		q.agent.Progress(q.delivered)
	}
	return nil
}

func (q *queue) settleInSpool(ctx context.Context, settled []spool.Outcome, loss *transport.Outcome) error {
	if q.memory {
		// Results that were never kept are gone with their acknowledgement; the backlog of a disk that
		// takes no writes is not given out (see keep), so nothing here has a key in the spool.
		return nil
	}
	return q.agent.Spool.Settle(ctx, settled, func(tx *spool.Tx) error {
		if loss != nil {
			if loss.Refused != nil {
				q.link.lossRefused()
			} else if err := tx.ClearLoss(q.loss.ID); err != nil {
				return err
			}
		}
		return q.link.arrivedIn(tx)
	})
}
