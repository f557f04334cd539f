package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// A Handler answers a request of the endpoint's. The result is written as JSON, nil as {}. A method that
// it does not know it answers with [NotFound]. It runs within the session's calls, one at a time, and
// must not call the session; params are its own to keep. One that panics answers 500; an answer that no frame can
// carry becomes an error of that request alone, 400.
type Handler func(ctx context.Context, method string, params json.RawMessage) (result any, err *Error)

// NotFound is the answer to a method that is not known.
func NotFound(method string) *Error {
	return &Error{Code: CodeNotFound, Message: fmt.Sprintf("unknown method %q", method)}
}

// answerAll answers the requests that have come. The answers are in the buffer then.
func (s *Session) answerAll(ctx context.Context) error {
	s.mu.Lock()
	requests := s.inbox.requests
	s.inbox.requests, s.inbox.bytes = nil, 0
	s.mu.Unlock()
	if len(requests) == 0 {
		return nil
	}
	started := time.Now()
	defer func() { // the time that answers take is none that the endpoint lets pass
		s.mu.Lock()
		s.progress = s.progress.Add(time.Since(started))
		s.mu.Unlock()
	}()
	for i := range requests {
		in := &requests[i]
		out := Frame{ID: in.ID, HasID: true, Source: s.id.AgentID, Target: in.Source}
		out.Result, out.Error = s.serve(ctx, in)
		err := s.w.WriteFrame(&out)
		if errors.Is(err, ErrUnsendable) {
			out.Result, out.Error = nil, &Error{Code: CodeBadRequest, Message: words(err.Error(), maxMessageBytes)}
			err = s.w.WriteFrame(&out)
		}
		if err != nil {
			return s.broken(ctx, err)
		}
	}
	return nil
}

func (s *Session) serve(ctx context.Context, in *Frame) (result json.RawMessage, failed *Error) {
	defer func() {
		if p := recover(); p != nil {
			result, failed = nil, &Error{Code: CodeInternal, Message: fmt.Sprintf("%q panicked", in.Method)}
			if bug, ok := p.(runtime.Error); ok { // any other value might hold what is not the endpoint's to see
				failed.Message += ": " + bug.Error()
			}
		}
	}()
	switch {
	case in.V != Version:
		return nil, &Error{Code: CodeBadRequest, Message: fmt.Sprintf("version %q is not spoken here, only %q", in.V, Version)}
	case s.opt.Handler == nil:
		return nil, NotFound(in.Method)
	}
	answer, failed := s.opt.Handler(ctx, in.Method, in.Params)
	switch {
	case failed != nil:
		return nil, failed
	case answer == nil:
		return json.RawMessage("{}"), nil
	}
	result, err := json.Marshal(answer)
	if err != nil {
		return nil, &Error{Code: CodeInternal, Message: fmt.Sprintf("%q: %v", in.Method, err)}
	}
	return result, nil
}
