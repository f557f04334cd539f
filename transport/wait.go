package transport

import (
	"context"
	"fmt"
	"time"
)

// fail ends the session with its first error: the connection is cut, whoever reads or writes returns.
func (s *Session) fail(err error) {
	s.mu.Lock()
	first := s.err == nil
	if first {
		s.err = err
	}
	s.mu.Unlock()
	if first {
		cut(s.conn)
	}
	s.notify()
}

func (s *Session) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// watch ends the session when ctx does; the function that it gives ends the watch.
func (s *Session) watch(ctx context.Context) (unwatch func() bool) {
	return context.AfterFunc(ctx, func() {
		s.fail(fmt.Errorf("session with the endpoint: %w", context.Cause(ctx)))
	})
}

// request writes a request to the buffer.
func (s *Session) request(method string, params []byte, p pending) error {
	p.id = s.nextID
	f := Frame{ID: p.id, HasID: true, Source: s.id.AgentID, Target: EndpointName, Method: method, Params: params}
	s.mu.Lock()
	if err := s.err; err != nil {
		s.mu.Unlock()
		return err
	}
	s.window.add(p) // before it is written: the answer may be faster than this goroutine
	s.mu.Unlock()
	if err := s.w.WriteFrame(&f); err != nil {
		s.mu.Lock()
		s.window.take(p.id)
		s.mu.Unlock()
		return err
	}
	s.nextID++
	s.waiting = true
	s.unsaid = p.kind != isBeat
	return nil
}

// flush writes out what is buffered.
func (s *Session) flush(ctx context.Context) error {
	if err := s.w.Flush(); err != nil {
		return s.broken(ctx, err)
	}
	if s.waiting {
		s.waiting = false
		s.mu.Lock()
		s.progress = time.Now()
		s.mu.Unlock()
	}
	return nil
}

// broken gives the reason why a write failed. An endpoint that refuses an agent says why and hangs up,
// while this side may still be writing: so what it said is read first.
func (s *Session) broken(ctx context.Context, err error) error {
	if s.failed() == nil {
		timer := time.NewTimer(farewell)
		defer timer.Stop()
		select {
		case <-s.gone:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	s.fail(fmt.Errorf("%w: write: %w", ErrCut, err))
	return s.failed()
}

// until answers the endpoint's requests until ready, which is called with the lock held, says so. What
// is ready counts, even where the session failed just after.
func (s *Session) until(ctx context.Context, ready func() bool) error {
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

// wait blocks until something arrives or the session ends. It ends the session when the endpoint has
// owed an answer for too long, however many bytes or requests it sends meanwhile.
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
	case <-s.gone:
	case <-s.timer.C:
		s.mu.Lock()
		stalled := time.Since(s.progress) >= s.opt.IdleTimeout
		s.mu.Unlock()
		if stalled {
			err := fmt.Errorf("%w: no answer from the endpoint within %v", ErrCut, s.opt.IdleTimeout)
			s.fail(err)
			return s.failed()
		}
	}
	return nil
}
