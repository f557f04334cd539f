package run

import (
	"context"
	"slices"

	"virgo/cmd/internal/link"
	"virgo/spool"
	"virgo/transport"
)

// Limits of one read of the backlog, which becomes one frame: three of the spool's groups, so that none of
// them is expanded twice, and with the fields of posts less than transport.MultiBytes.
const (
	batchRecords = 640
	batchBytes   = 192 << 10
	// manyBatches is the number of reads after which Config.Large is called.
	manyBatches = 2
)

// A queue is a transport.Queue of the results to deliver: the report of losses, then this run's results,
// then the backlog.
type queue struct {
	agent   *Agent
	session *link.Session // that delivers; set by deliver
	// fresh are this run's results that are not yet settled. If inMemory is set, they are only in
	// memory.
	fresh    []spool.Record
	inMemory bool
	// backlog is false if the spool is known to contain nothing but fresh.
	backlog bool
	Selection
	// loss is to be reported, unless its ID is empty.
	loss spool.Loss
	// last is this run as it is stored; zero if it is not stored.
	last LastRun

	handedOut    bool // loss was given out in this session, and unsent is what is left of fresh
	unsent       []spool.Record
	batches      int    // of the backlog that were read
	at           uint64 // the backlog was given out up to here in this session; 0: not yet
	passed       int    // results that are too old for the selection, in this session
	settledFresh int
	refused      int
	delivered    int
}

// Rewind makes a new session start with the first result that is not settled.
func (q *queue) Rewind() { q.handedOut, q.at, q.passed = false, 0, 0 }

// Next returns the next posts; none after all were returned.
func (q *queue) Next(ctx context.Context) ([]transport.Post, error) {
	var first []transport.Post
	if !q.handedOut {
		q.handedOut, q.unsent = true, slices.Clone(q.fresh)
		if q.loss.ID != "" && q.session.MayReportLoss() {
			now := q.agent.Now()
			params := link.Post(lossRecord(q.loss, now), now)
			first = append(first, transport.Post{Key: lossKey, Params: params})
		}
	}
	if len(q.unsent) > 0 {
		records, err := q.nextFresh(ctx)
		if err != nil {
			return nil, err
		}
		first = q.appendPosts(first, records, false)
	}
	if len(first) > 0 {
		return first, nil
	}
	if !q.backlog {
		return nil, nil
	}
	for {
		records, err := q.read(ctx)
		if err != nil || len(records) == 0 {
			return nil, err
		}
		if q.batches++; q.batches == manyBatches {
			q.agent.CallLarge() // what each leaves behind must not accumulate
		}
		q.at = records[len(records)-1].Seq
		if !q.inMemory {
			records = slices.DeleteFunc(records, func(r spool.Record) bool { return q.isFresh(r.Seq) })
		}
		if q.MaxAge > 0 {
			all, oldest := len(records), q.agent.Now().Add(-q.MaxAge)
			records = slices.DeleteFunc(records, func(r spool.Record) bool { return r.Made.Before(oldest) })
			q.passed += all - len(records)
		}
		if len(records) > 0 {
			return q.appendPosts(nil, records, true), nil
		}
	}
}

// nextFresh returns the next of this run's results; none after all were returned.
func (q *queue) nextFresh(ctx context.Context) ([]spool.Record, error) {
	for len(q.unsent) > 0 && q.unsent[0].Data == nil {
		from := q.unsent[0].Seq - 1
		records, err := q.agent.Spool.Read(ctx, from, batchRecords, batchBytes)
		if err != nil {
			return nil, err
		}
		last := uint64(1<<64 - 1) // nothing more is there
		if len(records) > 0 {
			last = records[len(records)-1].Seq
		}
		q.unsent = slices.DeleteFunc(q.unsent, func(r spool.Record) bool { return r.Seq <= last })
		records = slices.DeleteFunc(records, func(r spool.Record) bool { return !q.isFresh(r.Seq) })
		if len(records) > 0 {
			return records, nil
		}
	}
	n := 0
	for bytes := 0; n < len(q.unsent) && bytes < batchBytes && q.unsent[n].Data != nil; n++ {
		bytes += len(q.unsent[n].Data)
	}
	records := q.unsent[:n]
	q.unsent = q.unsent[n:]
	return records, nil
}

// read returns the next records of the backlog.
func (q *queue) read(ctx context.Context) ([]spool.Record, error) {
	if q.NewestFirst {
		return q.agent.Spool.ReadBack(ctx, q.at, batchRecords, batchBytes)
	}
	return q.agent.Spool.Read(ctx, q.at, batchRecords, batchBytes)
}

func (q *queue) isFresh(seq uint64) bool {
	return slices.ContainsFunc(q.fresh, func(r spool.Record) bool { return r.Seq == seq })
}

// appendPosts appends the posts for records that are sent now; waiting means that they waited for a delivery
// before. Their params share one block of memory.
func (q *queue) appendPosts(posts []transport.Post, records []spool.Record, waiting bool) []transport.Post {
	now, size := q.agent.Now(), 0
	for i := range records {
		size += link.PostSize(&records[i])
	}
	block := make([]byte, 0, size)
	posts = slices.Grow(posts, len(records))
	for i := range records {
		from := len(block)
		block = link.AppendPost(block, &records[i], now)
		posts = append(posts, transport.Post{
			Key: records[i].Seq, Params: block[from:len(block):len(block)], Waiting: waiting,
		})
	}
	return posts
}

// Settle removes acknowledged and refused results from the queue and the spool.
func (q *queue) Settle(ctx context.Context, outcomes []transport.Outcome) error {
	ctx, cancel := link.FinalContext(ctx)
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
	if loss != nil {
		q.noteLossAnswer(loss)
	}
	for _, s := range settled {
		if s.Refused != nil {
			q.refused++
		} else {
			q.delivered++
		}
	}
	before := len(q.fresh)
	q.fresh = slices.DeleteFunc(q.fresh, func(r spool.Record) bool {
		return slices.ContainsFunc(settled, func(s spool.Outcome) bool { return s.Seq == r.Seq })
	})
	q.settledFresh += before - len(q.fresh)
	if q.agent.Progress != nil {
		q.agent.Progress(q.delivered)
	}
	return nil
}

func (q *queue) settleInSpool(ctx context.Context, settled []spool.Outcome, loss *transport.Outcome) error {
	if q.inMemory {
		return nil // such a queue gives out nothing that has a key in the spool (see runQueue)
	}
	return q.agent.Spool.Settle(ctx, settled, func(tx *spool.Tx) error {
		if loss != nil {
			if loss.Refused != nil {
				q.session.NoteLossRefused()
			} else if err := tx.ClearLoss(q.loss.ID); err != nil {
				return err
			}
		}
		if err := q.last.updatePeak(tx); err != nil {
			return err
		}
		return q.session.NoteAcknowledged(tx)
	})
}
