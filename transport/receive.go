package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// An answer is what a Call waits for.
type answer struct {
	result json.RawMessage
	err    *Error
}

// An inbox holds what the receiver read until the caller takes it. It is bounded: an answer or an
// outcome belongs to a request in flight, and the endpoint's requests are counted.
type inbox struct {
	outcomes     []Outcome
	answers      []answer
	requests     []Frame
	refused      *Error // the last of a frame with several posts, with code 400; nil: none
	bytes        int    // of the requests' params
	requestCount int    // of this session
	answered     int    // requests of the agent
	unexpected   int
}

func (in *inbox) takeAnswer() (answer, bool) {
	if len(in.answers) == 0 {
		return answer{}, false
	}
	a := in.answers[0]
	in.answers = in.answers[1:]
	return a, true
}

// receive reads frames until the connection or the session ends. It wakes the caller when no
// further frame is buffered, so that answers that arrived together are settled together.
func (s *Session) receive(r *Reader) {
	for {
		f, err := r.ReadFrame()
		if err != nil {
			s.fail(s.readError(err))
			return
		}
		s.mu.Lock()
		if err = s.err; err == nil {
			if f.IsRequest() {
				err = s.takeRequest(&f)
			} else {
				err = s.takeResponse(&f)
			}
		}
		many := len(s.inbox.outcomes) >= maxUnsettled
		s.mu.Unlock()
		if err != nil {
			s.fail(err)
			return
		}
		if many || !r.Ready() {
			s.notify()
		}
	}
}

func (s *Session) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Session) readError(err error) error {
	switch {
	case errors.Is(err, ErrProtocol):
		return err
	case err == io.EOF:
		return fmt.Errorf("%w: the endpoint closed the connection", ErrConnectionLost)
	case err == io.ErrUnexpectedEOF:
		return fmt.Errorf("%w: the connection ended within a frame", ErrConnectionLost)
	}
	if refused, ok := refusal(s.conn, err); ok {
		return refused
	}
	return fmt.Errorf("%w: read: %w", ErrConnectionLost, err)
}

func (s *Session) takeRequest(f *Frame) error {
	in := &s.inbox
	in.requestCount++
	in.bytes += len(f.Params)
	if in.requestCount > MaxRequests || in.bytes > maxRequestBytes {
		return fmt.Errorf("%w: more than %d requests, or %d bytes of them at once",
			ErrProtocol, MaxRequests, maxRequestBytes)
	}
	kept := *f
	kept.Params = bytes.Clone(f.Params)
	in.requests = append(in.requests, kept)
	return nil
}

func (s *Session) takeResponse(f *Frame) error {
	s.id.hide(f.Error)
	if !f.HasID && f.Error == nil {
		return s.takeUnexpected()
	}
	if f.V != Version {
		return fmt.Errorf("%w: the endpoint answered in version %q, not %q",
			ErrVersion, sanitize(f.V, maxTypeBytes), Version)
	}
	if !f.HasID {
		return sessionError(f.Error)
	}
	p, ok := s.window.take(f.ID)
	if !ok {
		return s.takeUnexpected()
	}
	s.progress = time.Now()
	s.inbox.answered++
	if p.kind == isHello {
		if f.Error != nil {
			return helloError(f.Error)
		}
		welcome, err := parseWelcome(f.Result)
		if err != nil {
			return fmt.Errorf("%w: answer to hello: %w", ErrProtocol, err)
		}
		s.welcome, s.greeted = welcome, true
		return nil
	}
	if f.Error != nil && f.Error.EndsSession() {
		if p.keys != nil {
			return multiRefused(f.Error)
		}
		return sessionError(f.Error)
	}
	if !s.greeted {
		return fmt.Errorf("%w: response before the one to hello", ErrProtocol)
	}
	switch p.kind {
	case isPost:
		if p.keys != nil {
			return s.takeMulti(&p, f)
		}
		s.inbox.outcomes = append(s.inbox.outcomes, Outcome{Key: p.key, Refused: f.Error})
	case isHeartbeat:
		if f.Error == nil {
			s.takeClock(p.sent, f.Result)
		}
	case isCall:
		s.inbox.answers = append(s.inbox.answers, answer{bytes.Clone(f.Result), f.Error})
	}
	return nil
}

// takeMulti takes the answer to a frame of several posts.
func (s *Session) takeMulti(p *pending, f *Frame) (err error) {
	s.pace.next(p.size, p.sent)
	if f.Error != nil {
		s.inbox.refused = f.Error
		return nil
	}
	outcomes, err := parseMultiResult(s.inbox.outcomes, p.keys, f.Result, s.id.hide)
	if err != nil {
		return fmt.Errorf("%w: answer to %s: %w", ErrProtocol, MethodPostMulti, err)
	}
	s.inbox.outcomes = outcomes
	return nil
}

// takeUnexpected counts a response to no request. Answers make up for them: an endpoint that adds
// one to each of its answers is served, and one that sends nothing else is not.
func (s *Session) takeUnexpected() error {
	if s.inbox.unexpected++; s.inbox.unexpected > maxUnexpectedResponses+s.inbox.answered {
		return fmt.Errorf("%w: %d responses to no request, and %d to the agent's",
			ErrProtocol, s.inbox.unexpected, s.inbox.answered)
	}
	return nil
}
