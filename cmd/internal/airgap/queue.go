package airgap

import (
	"context"
	"errors"
	"fmt"
	"io"

	"virgo/cmd/internal/link"
	"virgo/spool"
	"virgo/spool/bundle"
	"virgo/transport"
	"virgo/transport/receipt"
)

// A queue is a transport.Queue of the results in a bundle. A result's key is its position in the
// bundle, from 1.
type queue struct {
	cfg    *link.Config
	bundle *bundle.Reader
	at     uint64            // results given out in this session
	seen   uint64            // results given out in any session
	sent   map[uint64]string // ids of what was given out and is not answered
	// settled has a bit for each result that was acknowledged or refused. After a session that
	// broke, the next one omits these.
	settled []uint64
	ranges  receipt.Ranges

	delivered, refused int
	refusals           []receipt.Refused
}

func newQueue(cfg *link.Config, b *bundle.Reader) *queue {
	return &queue{
		cfg: cfg, bundle: b, sent: make(map[uint64]string), settled: make([]uint64, b.Count()/64+1),
	}
}

// Rewind makes a new session start with the first result that is not settled.
func (q *queue) Rewind() {
	q.bundle.Rewind()
	q.at = 0
	clear(q.sent)
}

// Next returns the next posts; none after all were returned.
func (q *queue) Next(context.Context) ([]transport.Post, error) {
	for {
		records, err := q.bundle.Next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		posts := make([]transport.Post, 0, len(records))
		now := q.cfg.Now()
		for _, r := range records {
			q.at++
			if q.at > q.seen {
				q.seen = q.at
				start, n, ok := receipt.ParseID(q.bundle.Header().Agent, r.ID)
				if !ok {
					return nil, fmt.Errorf("result %.128q: %w", r.ID, errNotSpoolID)
				}
				q.ranges.Add(start, n)
			}
			if q.settled[q.at/64]&(1<<(q.at%64)) != 0 {
				continue
			}
			params := []byte("null") // the endpoint refuses what is no result
			if len(r.Data) > 1 && r.Data[0] == '{' {
				params = link.Post(spool.Record{ID: r.ID, Order: r.Order, Made: r.Made, Data: r.Data}, now)
			}
			q.sent[q.at] = r.ID
			posts = append(posts, transport.Post{Key: q.at, Params: params})
		}
		if len(posts) > 0 {
			return posts, nil
		}
	}
}

// Settle counts the results that were acknowledged or refused.
func (q *queue) Settle(_ context.Context, outcomes []transport.Outcome) error {
	for _, o := range outcomes {
		id, ok := q.sent[o.Key]
		if !ok {
			continue
		}
		delete(q.sent, o.Key)
		q.settled[o.Key/64] |= 1 << (o.Key % 64)
		if o.Refused == nil {
			q.delivered++
			continue
		}
		q.refused++
		if len(q.refusals) < maxRefusals {
			q.refusals = append(q.refusals,
				receipt.Refused{ID: id, Code: o.Refused.Code, Message: o.Refused.Message})
		}
	}
	if q.cfg.Progress != nil {
		q.cfg.Progress(q.delivered)
	}
	return nil
}
