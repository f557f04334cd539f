package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	maxBatch      = 4096    // arrivals in one batch
	maxBatchBytes = 8 << 20 // bytes of params in one batch
)

// errNotStored is the outcome of the arrivals of a batch that could not be stored.
var errNotStored = errors.New("the result could not be stored")

// A submission is an arrival on its way through the committer.
type submission struct {
	arrival intake.Arrival
	// release is called when the arrival's bytes are no longer needed, before done is closed; may be
	// nil.
	release func()

	// err is set before done is closed and read after it: intake.ErrBadToken, errNotStored, or nil if
	// the arrival is durable.
	err  error
	done chan struct{}
}

// A committer is the only goroutine that appends. It appends the arrivals of all connections in
// batches: while one batch is synced, the next one is collected, so no delay has to be tuned.
type committer struct {
	intake intake.Intake
	log    *slog.Logger
	in     chan *submission
	ended  chan struct{}
}

func startCommitter(store intake.Intake, log *slog.Logger) *committer {
	c := &committer{intake: store, log: log, in: make(chan *submission, maxBatch), ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		c.run()
	}()
	return c
}

// submit adds an arrival to the next batch; the submission's done is closed when its outcome is known.
// submit blocks while maxBatch arrivals are waiting, and always returns: the committer runs until close.
func (c *committer) submit(a intake.Arrival, release func()) *submission {
	s := &submission{arrival: a, release: release, done: make(chan struct{})}
	c.in <- s
	return s
}

// close appends the submitted arrivals and ends the goroutine. submit must not be called after it.
func (c *committer) close() {
	close(c.in)
	<-c.ended
}

func (c *committer) run() {
	var batch []*submission
	damaged := false
	for first := range c.in {
		batch = append(batch[:0], first)
		for size := first.arrival.Size(); len(batch) < maxBatch && size < maxBatchBytes; {
			next, ok := c.waiting()
			if !ok {
				break
			}
			batch = append(batch, next)
			size += next.arrival.Size()
		}
		outcomes, err := c.append(batch)
		switch isDamage := errors.Is(err, intake.ErrDamaged); {
		case isDamage && damaged: // said once
		case isDamage:
			damaged = true
			c.log.Error("nothing is stored any more; agents keep their results", "error", err)
		case err != nil:
			c.log.Error("results could not be stored; their agents keep them", "results", len(batch), "error", err)
		}
		for i, s := range batch {
			if s.err = errNotStored; err == nil {
				s.err = outcomes[i].Err
			}
			s.arrival = intake.Arrival{}
			if s.release != nil {
				s.release()
			}
			close(s.done)
			batch[i] = nil
		}
	}
}

func (c *committer) waiting() (*submission, bool) {
	select {
	case s, ok := <-c.in:
		return s, ok
	default:
		return nil, false
	}
}

// append stores a batch. It uses no connection's context: an arrival is stored even if its sender has
// disconnected. The store bounds the time.
func (c *committer) append(batch []*submission) (outcomes []intake.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while storing: %v\n%s", p, debug.Stack())
		}
	}()
	arrivals := make([]intake.Arrival, len(batch))
	for i, s := range batch {
		arrivals[i] = s.arrival
	}
	outcomes, err = c.intake.Append(context.Background(), arrivals)
	if err == nil && len(outcomes) != len(batch) {
		err = fmt.Errorf("the store returned %d outcomes for %d arrivals", len(outcomes), len(batch))
	}
	return outcomes, err
}
