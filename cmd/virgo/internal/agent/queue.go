package agent

import (
	"context"
	"encoding/json"
	"slices"

	"virgo/spool"
	"virgo/transport"
)

// How much of the backlog is read at a time: enough to keep the window full, little enough to stay small.
const (
	batchRecords = 256
	batchBytes   = 256 << 10
)

// A queue is the transport's view of what waits: this run's results first, then the backlog, oldest
// first.
type queue struct {
	agent *Agent
	// fresh are this run's results, not yet settled. In memory alone, where memory is set.
	fresh  []spool.Record
	memory bool
	// backlog is false where the spool is known to hold nothing but fresh.
	backlog bool

	handedOut    bool   // fresh was given out in this session
	after        uint64 // the backlog was given out up to here in this session
	settledFresh int
	refused      int
	delivered    int
	// also runs in the transaction of each settlement.
	also func(*spool.Tx) error
}

// rewind makes a new session begin where it must: whatever was not settled is given out again.
func (q *queue) rewind() { q.handedOut, q.after = false, 0 }

// Next gives the next posts; none when all was given out.
func (q *queue) Next(ctx context.Context) ([]transport.Post, error) {
	if !q.handedOut {
		q.handedOut = true
		if len(q.fresh) > 0 {
			return q.posts(q.fresh), nil
		}
	}
	if !q.backlog {
		return nil, nil
	}
	for {
		records, err := q.agent.Spool.Read(ctx, q.after, batchRecords, batchBytes)
		if err != nil || len(records) == 0 {
			return nil, err
		}
		q.after = records[len(records)-1].Seq
		if !q.memory {
			records = slices.DeleteFunc(records, func(r spool.Record) bool { return q.isFresh(r.Seq) })
		}
		if len(records) > 0 {
			return q.posts(records), nil
		}
	}
}

func (q *queue) isFresh(seq uint64) bool {
	return slices.ContainsFunc(q.fresh, func(r spool.Record) bool { return r.Seq == seq })
}

// posts puts each record's id into its params, as the protocol wants it.
func (q *queue) posts(records []spool.Record) []transport.Post {
	posts := make([]transport.Post, len(records))
	for i, r := range records {
		posts[i] = transport.Post{Key: r.Seq, Params: withResultID(r.ID, r.Data)}
	}
	return posts
}

// withResultID puts result_id in front of an object's fields.
func withResultID(id string, object []byte) []byte {
	const head = `{"result_id":`
	b := make([]byte, 0, len(head)+len(id)+len(`"",`)+len(object))
	b = appendJSONText(append(b, head...), id)
	return append(append(b, ','), object[1:]...)
}

// appendJSONText is for ids: nearly all are as they are written.
func appendJSONText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, _ := json.Marshal(s) // a string always encodes
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// Settle takes what was acknowledged or refused out of the spool.
func (q *queue) Settle(ctx context.Context, outcomes []transport.Outcome) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	settled := make([]spool.Outcome, 0, len(outcomes))
	for _, o := range outcomes {
		s := spool.Outcome{Seq: o.Key}
		if o.Refused != nil {
			s.Refused = &spool.Refusal{Code: o.Refused.Code, Message: o.Refused.Message}
		}
		settled = append(settled, s)
	}
	if err := q.settleInSpool(ctx, settled); err != nil {
		return err
	}
	for _, o := range outcomes {
		if o.Refused != nil {
			q.refused++
		} else {
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

func (q *queue) settleInSpool(ctx context.Context, settled []spool.Outcome) error {
	if q.memory {
		// Results that were never kept are gone with their acknowledgement; the backlog of a disk that
		// takes no writes is not given out (see keep), so nothing here has a key in the spool.
		return nil
	}
	return q.agent.Spool.Settle(ctx, settled, q.also)
}
