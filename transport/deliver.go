package transport

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Post is one result to deliver.
type Post struct {
	// Key is chosen by the caller and returned in the Outcome.
	Key uint64
	// Params of check_metrics.post, a JSON object. Not used after the next call of Next.
	Params []byte
}

// An Outcome is the answer to a post.
type Outcome struct {
	Key uint64
	// Refused is the endpoint's error, or this package's for a post that fits no frame; nil where
	// the endpoint acknowledged it.
	Refused *Error
}

// A Queue supplies posts and receives their outcomes. Its methods are called from Deliver's goroutine.
type Queue interface {
	// Next returns the next posts, none when there are no more.
	Next(ctx context.Context) ([]Post, error)
	// Settle receives outcomes in the order of arrival, each once. The queue may keep the slice.
	Settle(ctx context.Context, outcomes []Outcome) error
}

// Deliver sends the posts of the queue, then a heartbeat, and returns when all are answered. It
// returns the number of posts that were acknowledged and settled. If the endpoint supports
// pipelining, a window of posts is in flight, otherwise one.
//
// An error ends the session. Posts that were acknowledged before it are still settled, even if the
// context has ended.
func (s *Session) Deliver(ctx context.Context, q Queue) (delivered int, err error) {
	defer s.watch(ctx)()
	d := delivery{s: s, q: q}
	if err = d.run(ctx); err == nil {
		return d.acknowledged, nil
	}
	s.fail(err)
	<-s.receiverDone
	if !d.settleFailed {
		if _, failed := d.settle(ctx); failed != nil {
			err = fmt.Errorf("%w; then %w", err, failed)
		}
	}
	return d.acknowledged, err
}

type delivery struct {
	s            *Session
	q            Queue
	batch        []Post    // from Next, not yet sent
	exhausted    bool      // Next has no more
	closing      bool      // the closing heartbeat was sent
	posted       bool      // a post was sent after the last heartbeat
	unsendable   []Outcome // of posts that could not be sent
	acknowledged int
	settleFailed bool // Settle failed
}

func (d *delivery) run(ctx context.Context) error {
	s := d.s
	if !s.opt.Pipelined {
		if err := s.waitFor(ctx, func() bool { return s.greeted }); err != nil {
			return err
		}
	}
	for {
		// Send before settling, so that the endpoint and this disk work at the same time.
		if err := d.keepAlive(ctx); err != nil {
			return err
		}
		if err := d.fill(ctx); err != nil {
			return err
		}
		if err := d.sendClosingHeartbeat(ctx); err != nil {
			return err
		}
		if err := s.flush(ctx); err != nil {
			return err
		}
		settled := 0
		if !d.mayWaitForLastAnswers() {
			var err error
			if settled, err = d.settle(ctx); err != nil {
				return err
			}
		}
		s.mu.Lock()
		answered := s.window.posts == 0 && s.window.count(isHeartbeat) == 0 &&
			len(s.inbox.outcomes) == 0 && len(d.unsendable) == 0
		err := s.err
		s.mu.Unlock()
		failed := s.answerAll(ctx)
		switch {
		case d.exhausted && d.closing && answered:
			s.flush(ctx) // a lost answer to a request of the endpoint costs nothing
			return nil
		case err != nil:
			return err
		case failed != nil:
			return failed
		case settled > 0:
			continue
		}
		if err := s.flush(ctx); err != nil {
			return err
		}
		if err := s.wait(); err != nil {
			return err
		}
	}
}

// fill writes posts until the window is full or the queue is exhausted.
func (d *delivery) fill(ctx context.Context) error {
	s := d.s
	for !d.exhausted && len(d.unsendable) < s.opt.WindowRequests {
		if len(d.batch) == 0 {
			var err error
			if !d.windowAllows(1) { // send what is written before Next waits for the disk
				if err = s.flush(ctx); err != nil {
					return err
				}
			}
			if d.batch, err = d.q.Next(ctx); err != nil {
				return fmt.Errorf("take the next results: %w", err)
			}
			if len(d.batch) == 0 {
				d.exhausted = true
				return nil
			}
		}
		post := d.batch[0]
		if !d.windowAllows(len(post.Params)) {
			return nil
		}
		err := s.request(MethodPost, post.Params, pending{kind: isPost, key: post.Key, size: len(post.Params)})
		if errors.Is(err, ErrUnsendable) {
			reason := &Error{Code: CodeBadRequest, Message: "not sent: " + sanitize(err.Error(), maxMessageBytes)}
			d.unsendable = append(d.unsendable, Outcome{Key: post.Key, Refused: reason})
		} else if err != nil {
			return s.writeFailed(ctx, err)
		} else {
			d.posted = true
		}
		d.batch = d.batch[1:]
	}
	return nil
}

// windowAllows reports whether a post of size bytes may be written now.
func (d *delivery) windowAllows(size int) bool {
	s := d.s
	s.mu.Lock()
	defer s.mu.Unlock()
	most := 1
	if s.pipelining() {
		most = s.opt.WindowRequests
	}
	return s.window.allows(size, most, s.opt.WindowBytes)
}

// mayWaitForLastAnswers reports whether nothing is left to send and few answers are due: they are
// then settled together, in one transaction. Without pipelining each answer is settled at once.
func (d *delivery) mayWaitForLastAnswers() bool {
	s := d.s
	s.mu.Lock()
	defer s.mu.Unlock()
	return d.exhausted && s.err == nil && s.pipelining() && s.window.posts > 0 &&
		len(s.inbox.outcomes)+len(d.unsendable) < maxUnsettled
}

// keepAlive sends a heartbeat during a long delivery when the endpoint expects one. Between two of them
// there is at least one post: without pipelining, an endpoint that takes longer to answer than its
// interval would otherwise be sent nothing but heartbeats.
func (d *delivery) keepAlive(ctx context.Context) error {
	s := d.s
	s.mu.Lock()
	interval := s.welcome.HeartbeatInterval
	maySend := s.greeted && interval > 0 && (s.pipelining() || len(s.window.inFlight) == 0)
	s.mu.Unlock()
	if !maySend || d.closing || !d.posted || time.Since(s.lastHeartbeat) < max(interval, minHeartbeatPause) {
		return nil
	}
	d.posted = false
	return s.heartbeat(ctx)
}

// sendClosingHeartbeat sends the last heartbeat after the last post; without pipelining, after its
// answer.
func (d *delivery) sendClosingHeartbeat(ctx context.Context) error {
	s := d.s
	s.mu.Lock()
	maySend := s.pipelining() || len(s.window.inFlight) == 0
	s.mu.Unlock()
	if !maySend || d.closing || !d.exhausted {
		return nil
	}
	d.closing = true
	return s.heartbeat(ctx)
}

// settle passes outcomes to the queue and returns their number, refused ones included.
func (d *delivery) settle(ctx context.Context) (int, error) {
	outcomes := d.unsendable
	d.unsendable = nil
	d.s.mu.Lock()
	if len(outcomes) == 0 {
		outcomes = d.s.inbox.outcomes
	} else {
		outcomes = append(outcomes, d.s.inbox.outcomes...)
	}
	d.s.inbox.outcomes = nil
	d.s.mu.Unlock()
	if len(outcomes) == 0 {
		return 0, nil
	}
	if ctx.Err() != nil { // what was acknowledged must be settled
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		defer cancel()
	}
	if err := d.q.Settle(ctx, outcomes); err != nil {
		d.settleFailed = true
		return 0, fmt.Errorf("settle what was delivered: %w", err)
	}
	for _, o := range outcomes {
		if o.Refused == nil {
			d.acknowledged++
		}
	}
	return len(outcomes), nil
}

// pipelining reports whether requests may be sent before the answers to earlier ones. The lock is
// held.
func (s *Session) pipelining() bool {
	if s.greeted {
		return s.welcome.Has(FeaturePipelining)
	}
	return s.opt.Pipelined
}
