package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	maxBatch      = 4096    // arrivals in one batch
	maxBatchBytes = 8 << 20 // bytes of params in one batch
	// maxAlone bounds the time in which arrivals are tried alone.
	maxAlone = 10 * time.Second
)

// Outcomes of the arrivals of a batch that could not be stored.
var (
	errNotStored = errors.New("the result could not be stored")
	errFull      = fmt.Errorf("%w: the endpoint's disk is full", errNotStored)
)

// A submission is an arrival on its way through the committer.
type submission struct {
	arrival intake.Arrival
	// release is called when the arrival's bytes are no longer needed, before done is closed; may be
	// nil.
	release func()

	// err is set before done is closed and read after it: intake.ErrBadToken or ErrRevoked, errNotStored, or
	// nil if the arrival is durable.
	err  error
	done chan struct{}
}

// A committer is the only goroutine that appends. It appends the arrivals of all connections in
// batches: while one batch is synced, the next one is collected, so no delay has to be tuned. Fresh
// arrivals and backlogs have lanes of their own; see "Fresh results and backlogs" in the package comment.
type committer struct {
	intake         intake.Intake
	log            *slog.Logger
	fresh, backlog chan *submission
	ended          chan struct{}

	// Of run only.
	pace  pace
	fault error // of the last batch; nil after one that was stored
}

func startCommitter(store intake.Intake, log *slog.Logger) *committer {
	c := &committer{intake: store, log: log, ended: make(chan struct{}), pace: newPace(),
		fresh: make(chan *submission, maxBatch), backlog: make(chan *submission, maxBatch)}
	go func() {
		defer close(c.ended)
		c.run()
	}()
	return c
}

// submit adds an arrival to the next batch of its lane; the submission's done is closed when its outcome
// is known. submit blocks while maxBatch arrivals are waiting, and always returns: the committer runs until
// close.
func (c *committer) submit(a intake.Arrival, release func()) *submission {
	s := &submission{arrival: a, release: release, done: make(chan struct{})}
	if a.Backlog {
		c.backlog <- s
	} else {
		c.fresh <- s
	}
	return s
}

// close appends the submitted arrivals and ends the goroutine. submit must not be called after it.
func (c *committer) close() {
	close(c.fresh)
	close(c.backlog)
	<-c.ended
}

func (c *committer) run() {
	fresh, backlog := c.fresh, c.backlog // nil after their end
	var batch []*submission
	backlogsTurn := false
	for fresh != nil || backlog != nil {
		s, isBacklog, ok := next(fresh, backlog, backlogsTurn)
		switch {
		case !ok && isBacklog:
			backlog = nil
		case !ok:
			fresh = nil
		case isBacklog:
			backlogsTurn = false
			batch = collect(append(batch[:0], s), backlog, c.pace.bytes)
			began, bytes := time.Now(), sizeOf(batch)
			c.commit(batch)
			c.pace.note(bytes, time.Since(began))
		default:
			backlogsTurn = true
			batch = collect(append(batch[:0], s), fresh, maxBatchBytes)
			c.commit(batch)
		}
		clear(batch)
	}
}

// next returns the next submission: where both lanes have one, that of the lane whose turn it is. ok is
// false if the lane was closed.
func next(fresh, backlog chan *submission, backlogsTurn bool) (s *submission, isBacklog, ok bool) {
	first, second := fresh, backlog
	if backlogsTurn {
		first, second = backlog, fresh
	}
	select {
	case s, ok = <-first:
		return s, backlogsTurn, ok
	default:
	}
	select {
	case s, ok = <-first:
		return s, backlogsTurn, ok
	case s, ok = <-second:
		return s, !backlogsTurn, ok
	}
}

// collect adds what waits in a lane to a batch.
func collect(batch []*submission, lane chan *submission, most int) []*submission {
	for size := sizeOf(batch); len(batch) < maxBatch && size < most; {
		select {
		case s, ok := <-lane:
			if !ok {
				return batch
			}
			batch = append(batch, s)
			size += s.arrival.Size()
		default:
			return batch
		}
	}
	return batch
}

func sizeOf(batch []*submission) (n int) {
	for _, s := range batch {
		n += s.arrival.Size()
	}
	return n
}

// commit stores a batch and tells its submitters.
func (c *committer) commit(batch []*submission) {
	outcomes, err := c.append(batch)
	if err != nil && len(batch) > 1 && !errors.Is(err, intake.ErrFull) && !errors.Is(err, intake.ErrDamaged) {
		c.commitAlone(batch, err)
		return
	}
	c.report(len(batch), err)
	c.tell(batch, outcomes, err)
}

// commitAlone stores each arrival of a batch that failed alone, once: what is wrong with one of them must not keep
// those of others from being stored. A store that fails slowly does so for all of them.
func (c *committer) commitAlone(batch []*submission, cause error) {
	c.log.Warn("results could not be stored together; each arrival is tried alone", "arrivals", len(batch), "error", cause)
	failed, fault := 0, error(nil)
	began := time.Now()
	for i := range batch {
		one := batch[i : i+1]
		var outcomes []intake.Outcome
		err := cause
		if time.Since(began) < maxAlone {
			outcomes, err = c.append(one)
		}
		if err != nil {
			failed, fault = failed+1, err
		}
		c.tell(one, outcomes, err)
	}
	c.report(failed, fault)
}

// tell tells submitters what became of their arrivals.
func (c *committer) tell(batch []*submission, outcomes []intake.Outcome, err error) {
	for i, s := range batch {
		switch {
		case err == nil:
			s.err = outcomes[i].Err
		case errors.Is(err, intake.ErrFull):
			s.err = errFull
		default:
			s.err = errNotStored
		}
		s.arrival = intake.Arrival{}
		if s.release != nil {
			s.release()
		}
		close(s.done)
	}
}

// report logs that batches cannot be stored. What lasts is said once, and its end.
func (c *committer) report(arrivals int, err error) {
	before := c.fault
	c.fault = err
	lasts := func(cause error) bool { return errors.Is(err, cause) && errors.Is(before, cause) }
	switch {
	case err == nil && before != nil:
		c.log.Warn("results are stored again")
	case err == nil, lasts(intake.ErrDamaged), lasts(intake.ErrFull):
	case errors.Is(err, intake.ErrDamaged):
		c.log.Error("nothing is stored any more; agents keep their results", "error", err)
	case errors.Is(err, intake.ErrFull):
		args := []any{"error", err}
		var full *intake.FullError
		if errors.As(err, &full) {
			args = append(args, "hint", full.Hint())
		}
		c.log.Error("nothing is stored until there is space again; agents keep their results", args...)
	default:
		c.log.Error("results could not be stored; their agents keep them", "arrivals", arrivals, "error", err)
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
