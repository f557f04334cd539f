package agent

import (
	"context"
	"errors"
	"fmt"
	"io"

	"virgo/spool"
	"virgo/spool/bundle"
	"virgo/transport"
	"virgo/transport/receipt"
)

// A carried is the transport's view of a bundle. A result's key is its place in the bundle, from 1.
type carried struct {
	agent  *Agent
	bundle *bundle.Reader
	at     uint64            // results given out in this session
	seen   uint64            // results that ever were
	flying map[uint64]string // ids of what was given out and not answered
	// settled has a bit for each result that was answered: a session after one that was cut leaves them out.
	settled []uint64
	ranges  receipt.Ranges

	delivered, refused int
	refusals           []receipt.Refused
}

func newCarried(a *Agent, b *bundle.Reader) *carried {
	return &carried{agent: a, bundle: b, flying: make(map[uint64]string), settled: make([]uint64, b.Count()/64+1)}
}

// rewind makes a new session begin with the first result that was not answered.
func (q *carried) rewind() {
	q.bundle.Rewind()
	q.at = 0
	clear(q.flying)
}

// Next gives the next posts; none when all was given out.
func (q *carried) Next(context.Context) ([]transport.Post, error) {
	for {
		records, err := q.bundle.Next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		posts := make([]transport.Post, 0, len(records))
		now := q.agent.Now()
		for _, r := range records {
			q.at++
			if q.at > q.seen {
				q.seen = q.at
				start, n, ok := receipt.ParseID(q.bundle.Header().Agent, r.ID)
				if !ok {
					return nil, fmt.Errorf("result %.128q: %w", r.ID, errNoCarriedID)
				}
				q.ranges.Add(start, n)
			}
			if q.settled[q.at/64]&(1<<(q.at%64)) != 0 {
				continue
			}
			params := []byte("null") // what is no result the endpoint refuses, in its words
			if len(r.Data) > 1 && r.Data[0] == '{' {
				params = post(spool.Record{ID: r.ID, Order: r.Order, Made: r.Made, Data: r.Data}, now)
			}
			q.flying[q.at] = r.ID
			posts = append(posts, transport.Post{Key: q.at, Params: params})
		}
		if len(posts) > 0 {
			return posts, nil
		}
	}
}

// Settle counts what was answered.
func (q *carried) Settle(_ context.Context, outcomes []transport.Outcome) error {
	for _, o := range outcomes {
		id, ok := q.flying[o.Key]
		if !ok {
			continue
		}
		delete(q.flying, o.Key)
		q.settled[o.Key/64] |= 1 << (o.Key % 64)
		if o.Refused == nil {
			q.delivered++
			continue
		}
		q.refused++
		if len(q.refusals) < shownRefusals {
			q.refusals = append(q.refusals, receipt.Refused{ID: id, Code: o.Refused.Code, Message: o.Refused.Message})
		}
	}
	if q.agent.Progress != nil {
		q.agent.Progress(q.delivered)
	}
	return nil
}
