package run

import (
	"context"
	"time"

	"virgo/cmd/internal/link"
	"virgo/spool"
)

// A Selection selects the waiting results that a delivery sends, and their order. The zero value:
// all results, oldest first.
type Selection struct {
	NewestFirst bool
	// MaxAge excludes results that were made longer ago; 0: no limit.
	MaxAge time.Duration
}

// Flush delivers all waiting results; see [Agent.FlushSelection].
func (a *Agent) Flush(ctx context.Context) (Delivery, error) {
	return a.FlushSelection(ctx, Selection{})
}

// FlushSelection delivers the selected waiting results without running any check. It ignores a
// backoff of the endpoint. The error is that of reading the state; that of the delivery is in
// Delivery.Err.
func (a *Agent) FlushSelection(ctx context.Context, sel Selection) (Delivery, error) {
	st, err := a.Config.State(ctx)
	if err != nil {
		return Delivery{}, err
	}
	session := link.NewSession(&a.Config, st)
	defer session.Close()
	session.Manual = true
	q := &queue{agent: a, backlog: true, Selection: sel}
	if q.loss, err = a.reportLoss(ctx); err != nil {
		a.Verbose("losses: not reported this time: %v", err)
	}
	return a.handOver(ctx, session, q).Delivery, nil
}

// delivered is the result of state Deliver.
type delivered struct {
	Delivery
	settledFresh int            // of the run's own results
	left         []spool.Record // those that are not settled
}

// deliver is state Deliver.
func (a *Agent) deliver(ctx context.Context, s *link.Session, k kept) delivered {
	if a.Checked != nil {
		a.Checked()
	}
	if k.many {
		a.CallLarge()
	}
	return a.handOver(ctx, s, a.runQueue(k))
}

// runQueue returns the queue of a run: its own results, then those that waited before. If some of
// its results are only in memory, the queue contains just those: the others are safe in the spool,
// and a disk that cannot be written cannot settle them.
func (a *Agent) runQueue(k kept) *queue {
	if k.err != nil {
		return &queue{agent: a, inMemory: true, fresh: k.memory}
	}
	return &queue{agent: a, fresh: k.records, backlog: k.backlog, loss: k.loss, last: k.last}
}

// handOver delivers the queue, unless another process is delivering.
func (a *Agent) handOver(ctx context.Context, s *link.Session, q *queue) delivered {
	started := a.Now()
	// No later run can send results that are only in memory, so they wait neither for a backoff nor
	// for another process.
	if !q.inMemory {
		if blocked := s.Await(ctx); blocked != nil {
			a.Verbose("delivery: %v", blocked)
			return delivered{Delivery: Delivery{Tried: true, Err: blocked}}
		}
	}
	release, ok, err := a.Spool.TryDeliver()
	switch {
	case ok:
		defer release()
	case q.inMemory:
	case err != nil:
		s.Conclude(ctx, err, 0, false)
		return delivered{Delivery: Delivery{Tried: true, Err: err, Noticed: s.Noticed()}}
	default:
		a.Verbose("delivery: another run is delivering")
		return delivered{Delivery: Delivery{Busy: true}}
	}
	q.session = s
	err = s.Deliver(ctx, q)
	s.Conclude(ctx, err, q.delivered, q.inMemory)
	return delivered{Delivery{
		Tried: true, Endpoint: s.Endpoint(), Delivered: q.delivered, Refused: q.refused, Passed: q.passed,
		Took: a.Now().Sub(started), Err: err, Noticed: s.Noticed(),
	}, q.settledFresh, q.fresh}
}
