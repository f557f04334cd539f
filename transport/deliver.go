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
	// Waiting means that the result waited for a delivery before: many of them are sent compressed. Its
	// Params must then be valid JSON: only what is sent plain is checked before.
	Waiting bool
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
	// Rewind makes Next start again with the first post that is not settled.
	Rewind()
}

// Deliver sends the posts of the queue, then a heartbeat, and returns when all are answered. It
// returns the number of posts that were acknowledged and settled. If the endpoint supports
// pipelining, a window of posts is in flight, otherwise one. If it takes several in one frame, those of
// one call of Next go together. A frame of several that the endpoint refuses as a whole with code 400 says
// nothing about its posts: they are taken from the queue again, and from then on each goes alone.
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
	multi        multi
	alone        int  // how many of the next posts go alone
	refused      bool // a frame of several posts was refused: none is sent until the queue starts again
	single       bool // it has: each post goes alone
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
		d.refused = d.refused || s.inbox.refused != nil
		s.inbox.refused = nil
		err := s.err
		s.mu.Unlock()
		failed := s.answerAll(ctx)
		switch {
		case d.refused && answered && err == nil && failed == nil:
			d.startAgain()
			continue
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
	for !d.exhausted && !d.refused && len(d.unsendable) < s.opt.WindowRequests {
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
		n, size := d.nextFrame()
		if !d.windowAllows(size) {
			return nil
		}
		posts := d.batch[:n]
		err := d.post(posts, size)
		switch {
		case errors.Is(err, ErrUnsendable) && n > 1:
			d.alone = n // to find out which of them it is
			continue
		case errors.Is(err, ErrUnsendable):
			reason := &Error{Code: CodeBadRequest, Message: "not sent: " + sanitize(err.Error(), maxMessageBytes)}
			d.unsendable = append(d.unsendable, Outcome{Key: posts[0].Key, Refused: reason})
		case err != nil:
			return s.writeFailed(ctx, err)
		default:
			d.posted = true
		}
		d.batch, d.alone = d.batch[n:], max(d.alone-n, 0)
		if n > 1 && posts[0].Waiting { // Next has to read the disk, and the endpoint to store these meanwhile
			if err := s.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// nextFrame returns how many of the next posts go into one frame, and the bytes of their params.
func (d *delivery) nextFrame() (n, size int) {
	s := d.s
	s.mu.Lock()
	most, several := s.pace.bytes, s.announced(FeaturePostMulti)
	s.mu.Unlock()
	if !several || d.single || d.alone > 0 {
		return 1, len(d.batch[0].Params)
	}
	return together(d.batch, most)
}

// post writes a frame with the posts, whose params have that many bytes.
func (d *delivery) post(posts []Post, size int) error {
	s := d.s
	if len(posts) == 1 {
		p := posts[0]
		return s.request(MethodPost, p.Params, pending{kind: isPost, key: p.Key, size: size})
	}
	keys := make([]uint64, len(posts))
	for i := range posts {
		keys[i] = posts[i].Key
	}
	s.mu.Lock()
	compress := s.opt.Compress != nil && s.announced(FeaturePostMultiLZ4)
	s.mu.Unlock()
	var params []byte
	if posts[0].Waiting && compress {
		params = d.multi.compressed(posts, s.opt.Compress)
	} else {
		params = d.multi.plain(posts)
	}
	return s.request(MethodPostMulti, params, pending{kind: isPost, keys: keys, size: size, sent: time.Now()})
}

// startAgain takes what is not settled from the queue again, to post each result alone.
func (d *delivery) startAgain() {
	d.refused, d.single = false, true
	d.batch, d.exhausted, d.closing = nil, false, false
	d.q.Rewind()
}

// windowAllows reports whether a post of size bytes may be written now.
func (d *delivery) windowAllows(size int) bool {
	s := d.s
	s.mu.Lock()
	defer s.mu.Unlock()
	most, bytes := 1, s.opt.WindowBytes
	if s.announced(FeaturePipelining) {
		most = s.opt.WindowRequests
	}
	if bytes <= 0 {
		bytes = WindowBytes
		if s.announced(FeaturePostMulti) && !d.single {
			bytes = MultiWindowBytes
		}
	}
	return s.window.allows(size, most, bytes)
}

// mayWaitForLastAnswers reports whether nothing is left to send and few answers are due: they are
// then settled together, in one transaction. Without pipelining each answer is settled at once.
func (d *delivery) mayWaitForLastAnswers() bool {
	s := d.s
	s.mu.Lock()
	defer s.mu.Unlock()
	return d.exhausted && s.err == nil && s.announced(FeaturePipelining) && s.window.posts > 0 &&
		len(s.inbox.outcomes)+len(d.unsendable) < maxUnsettled
}

// keepAlive sends a heartbeat during a long delivery when the endpoint expects one. Between two of them
// there is at least one post: without pipelining, an endpoint that takes longer to answer than its
// interval would otherwise be sent nothing but heartbeats.
func (d *delivery) keepAlive(ctx context.Context) error {
	s := d.s
	s.mu.Lock()
	interval := s.welcome.HeartbeatInterval
	maySend := s.greeted && interval > 0 && (s.announced(FeaturePipelining) || len(s.window.inFlight) == 0)
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
	maySend := s.announced(FeaturePipelining) || len(s.window.inFlight) == 0
	s.mu.Unlock()
	if !maySend || d.closing || !d.exhausted || d.refused {
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

// announced reports whether the endpoint announced a feature, in its answer to hello or, before that, in an
// earlier session. The lock is held.
func (s *Session) announced(feature string) bool {
	switch {
	case feature != FeaturePipelining && s.opt.Single:
		return false
	case s.greeted:
		return s.welcome.Has(feature)
	case feature == FeaturePipelining:
		return s.opt.Pipelined
	case feature == FeaturePostMulti:
		return s.opt.Multi
	}
	return s.opt.MultiLZ4
}
