package transport

import (
	"context"
	"fmt"
	"time"
)

// fail ends the session with its first error and closes the connection, so that reads and writes
// return.
func (s *Session) fail(err error) {
	s.mu.Lock()
	first := s.err == nil
	if first {
		s.err = err
	}
	s.mu.Unlock()
	if first {
		closeConn(s.conn)
	}
	s.notify()
}

func (s *Session) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// watch ends the session when ctx ends, until unwatch is called.
func (s *Session) watch(ctx context.Context) (unwatch func() bool) {
	return context.AfterFunc(ctx, func() {
		s.fail(fmt.Errorf("session with the endpoint: %w", context.Cause(ctx)))
	})
}

// request adds a request to the window and to the write buffer.
func (s *Session) request(method string, params []byte, p pending) error {
	p.id = s.nextID
	f := Frame{ID: p.id, HasID: true, Source: s.id.AgentID, Target: EndpointName, Method: method, Params: params}
	s.mu.Lock()
	if err := s.err; err != nil {
		s.mu.Unlock()
		return err
	}
	s.window.add(p) // before it is written: the answer may come before this goroutine goes on
	s.mu.Unlock()
	if err := s.w.WriteFrame(&f); err != nil {
		s.mu.Lock()
		s.window.take(p.id)
		s.mu.Unlock()
		return err
	}
	s.nextID++
	s.unflushed = true
	s.needsHeartbeat = p.kind != isHeartbeat
	return nil
}

// flush writes the buffered frames.
func (s *Session) flush(ctx context.Context) error {
	if err := s.w.Flush(); err != nil {
		return s.writeFailed(ctx, err)
	}
	if s.unflushed {
		s.unflushed = false
		s.mu.Lock()
		s.progress = time.Now()
		s.mu.Unlock()
	}
	return nil
}

// writeFailed ends the session after a failed write and returns its error. An endpoint that refuses
// an agent may answer and close while the agent is still writing, so the answer is awaited first.
func (s *Session) writeFailed(ctx context.Context, err error) error {
	if s.failure() == nil {
		timer := time.NewTimer(refusalTimeout)
		defer timer.Stop()
		select {
		case <-s.receiverDone:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	s.fail(fmt.Errorf("%w: write: %w", ErrConnectionLost, err))
	return s.failure()
}

// waitFor answers the endpoint's requests until ready, which is called with the lock held, returns
// true. What is ready counts, even where the session failed just after.
func (s *Session) waitFor(ctx context.Context, ready func() bool) error {
	for {
		err := s.answerAll(ctx)
		if err == nil {
			err = s.flush(ctx)
		}
		s.mu.Lock()
		ok := ready()
		more := len(s.inbox.requests) > 0
		if err == nil {
			err = s.err
		}
		s.mu.Unlock()
		switch {
		case ok && (!more || err != nil):
			return nil
		case err != nil:
			return err
		case more:
			continue
		}
		if err := s.wait(); err != nil {
			return err
		}
	}
}

// wait blocks until something arrives or the session ends. It ends the session when an answer has
// been due for IdleTimeout, whatever else the endpoint sent meanwhile.
func (s *Session) wait() error {
	s.mu.Lock()
	left := time.Until(s.progress.Add(s.opt.IdleTimeout))
	s.mu.Unlock()
	if s.timer == nil {
		s.timer = time.NewTimer(left)
	} else {
		s.timer.Reset(left)
	}
	defer s.timer.Stop()
	select {
	case <-s.wake:
	case <-s.receiverDone:
	case <-s.timer.C:
		s.mu.Lock()
		stalled := time.Since(s.progress) >= s.opt.IdleTimeout
		s.mu.Unlock()
		if stalled {
			err := fmt.Errorf("%w: no answer from the endpoint within %v", ErrConnectionLost, s.opt.IdleTimeout)
			s.fail(err)
			return s.failure()
		}
	}
	return nil
}
