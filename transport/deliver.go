package transport

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Post is one result to deliver.
type Post struct {
	// Key is the caller's own name for it, given back in its Outcome.
	Key uint64
	// Params of check_metrics.post, a JSON object. It is not kept after the next call of Next.
	Params []byte
}

// An Outcome is what became of a post.
type Outcome struct {
	Key uint64
	// Refused is the endpoint's reason, or this package's where no frame can carry the post; nil where the
	// endpoint acknowledged it.
	Refused *Error
}

// A Queue is where posts come from and outcomes go. Its methods are called from Deliver's goroutine.
type Queue interface {
	// Next gives the posts that follow those that it gave before; none means that there are no more.
	Next(ctx context.Context) ([]Post, error)
	// Settle takes outcomes in the order that they came, each once. The slice is the queue's to keep.
	Settle(ctx context.Context, outcomes []Outcome) error
}

// Deliver posts what the queue holds, and after the last post a heartbeat. It returns when all are
// answered, with the number that was acknowledged and settled. Where the endpoint takes pipelined
// requests a window is in flight; where it does not, or is not known to, one post at a time.
//
// On an error, whatever was acknowledged until then has been settled all the same, also when the
// context has ended; the session has ended too.
func (s *Session) Deliver(ctx context.Context, q Queue) (delivered int, err error) {
	defer s.watch(ctx)()
	d := delivery{s: s, q: q}
	if err = d.run(ctx); err == nil {
		return d.acknowledged, nil
	}
	s.fail(err)
	<-s.gone
	if !d.unsettled {
		if _, failed := d.settle(ctx); failed != nil {
			err = fmt.Errorf("%w; then %w", err, failed)
		}
	}
	return d.acknowledged, err
}

type delivery struct {
	s            *Session
	q            Queue
	batch        []Post    // of what Next gave, not yet sent
	dry          bool      // Next has no more
	beat         bool      // the closing heartbeat was sent
	here         []Outcome // of posts that could not be sent
	acknowledged int
	unsettled    bool // Settle failed
}

func (d *delivery) run(ctx context.Context) error {
	s := d.s
	if !s.opt.Pipelined {
		if err := s.until(ctx, func() bool { return s.greeted }); err != nil {
			return err
		}
	}
	for {
		// What may fly, flies before what has landed is settled: the endpoint works while the disk does.
		if err := d.keepAlive(ctx); err != nil {
			return err
		}
		if err := d.fill(ctx); err != nil {
			return err
		}
		if err := d.sayGoodbye(ctx); err != nil {
			return err
		}
		if err := s.flush(ctx); err != nil {
			return err
		}
		settled := 0
		if !d.early() {
			var err error
			if settled, err = d.settle(ctx); err != nil {
				return err
			}
		}
		s.mu.Lock()
		landed := s.window.posts == 0 && s.window.has(isBeat) == 0 && len(s.inbox.outcomes) == 0 && len(d.here) == 0
		err := s.err
		s.mu.Unlock()
		failed := s.answerAll(ctx)
		switch {
		case d.dry && d.beat && landed:
			s.flush(ctx) // an answer that does not arrive is asked for again
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

// fill writes posts until the window is full or the queue is dry.
func (d *delivery) fill(ctx context.Context) error {
	s := d.s
	for !d.dry && len(d.here) < s.opt.WindowRequests {
		if len(d.batch) == 0 {
			var err error
			if !d.room(1) { // then what is written need not wait for the disk
				if err = s.flush(ctx); err != nil {
					return err
				}
			}
			if d.batch, err = d.q.Next(ctx); err != nil {
				return fmt.Errorf("take the next results: %w", err)
			}
			if len(d.batch) == 0 {
				d.dry = true
				return nil
			}
		}
		post := d.batch[0]
		if !d.room(len(post.Params)) {
			return nil
		}
		err := s.request(MethodPost, post.Params, pending{kind: isPost, key: post.Key, size: len(post.Params)})
		if errors.Is(err, ErrUnsendable) {
			reason := &Error{Code: CodeBadRequest, Message: "not sent: " + words(err.Error(), maxMessageBytes)}
			d.here = append(d.here, Outcome{Key: post.Key, Refused: reason})
		} else if err != nil {
			return s.broken(ctx, err)
		}
		d.batch = d.batch[1:]
	}
	return nil
}

// room says whether a post of size bytes may be written now.
func (d *delivery) room(size int) bool {
	s := d.s
	s.mu.Lock()
	defer s.mu.Unlock()
	most := 1
	if s.pipelining() {
		most = s.opt.WindowRequests
	}
	return s.window.room(size, most, s.opt.WindowBytes)
}

// early says that nothing is left to send and the last answers are on their way: what has landed is settled
// with them, in one go. With an endpoint that takes one post at a time each answer is settled at once.
func (d *delivery) early() bool {
	s := d.s
	s.mu.Lock()
	defer s.mu.Unlock()
	return d.dry && s.err == nil && s.pipelining() && s.window.posts > 0 && len(s.inbox.outcomes)+len(d.here) < settleAtOnceFrom
}

// keepAlive sends a heartbeat within a long delivery when the endpoint expects one.
func (d *delivery) keepAlive(ctx context.Context) error {
	s := d.s
	s.mu.Lock()
	interval := s.welcome.HeartbeatInterval
	mayFly := s.greeted && interval > 0 && (s.pipelining() || len(s.window.flying) == 0)
	s.mu.Unlock()
	if !mayFly || d.beat || time.Since(s.beaten) < max(interval, minBeat) {
		return nil
	}
	return s.heartbeat(ctx)
}

// sayGoodbye sends the closing heartbeat behind the last post, or, where requests may not follow one
// another, when that is answered.
func (d *delivery) sayGoodbye(ctx context.Context) error {
	s := d.s
	s.mu.Lock()
	mayFly := s.pipelining() || len(s.window.flying) == 0
	s.mu.Unlock()
	if !mayFly || d.beat || !d.dry {
		return nil
	}
	d.beat = true
	return s.heartbeat(ctx)
}

// settle passes on what has landed, and says how many that were.
func (d *delivery) settle(ctx context.Context) (int, error) {
	outcomes := d.here
	d.here = nil
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
	if ctx.Err() != nil { // what was acknowledged counts, whatever ended meanwhile
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), settleGrace)
		defer cancel()
	}
	if err := d.q.Settle(ctx, outcomes); err != nil {
		d.unsettled = true
		return 0, fmt.Errorf("settle what was delivered: %w", err)
	}
	for _, o := range outcomes {
		if o.Refused == nil {
			d.acknowledged++
		}
	}
	return len(outcomes), nil
}

// pipelining says whether requests may follow one another; the lock is held.
func (s *Session) pipelining() bool {
	if s.greeted {
		return s.welcome.Has(FeaturePipelining)
	}
	return s.opt.Pipelined
}
