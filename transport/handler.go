package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// A Handler answers a request from the endpoint. Its result is written as JSON, nil as {}. For an
// unknown method it should return [NotFound]. It is called within the session's methods, one call
// at a time, and must not call the session; it may keep params. A panic is answered with 500, a
// result that does not fit into a frame with 400.
type Handler func(ctx context.Context, method string, params json.RawMessage) (result any, err *Error)

// NotFound is the answer to an unknown method.
func NotFound(method string) *Error {
	return &Error{Code: CodeNotFound, Message: fmt.Sprintf("unknown method %q", method)}
}

// answerAll writes answers to the requests that have arrived into the write buffer.
func (s *Session) answerAll(ctx context.Context) error {
	s.mu.Lock()
	requests := s.inbox.requests
	s.inbox.requests, s.inbox.bytes = nil, 0
	s.mu.Unlock()
	if len(requests) == 0 {
		return nil
	}
	started := time.Now()
	defer func() { // the time spent here does not count as the endpoint being idle
		s.mu.Lock()
		s.progress = s.progress.Add(time.Since(started))
		s.mu.Unlock()
	}()
	for i := range requests {
		in := &requests[i]
		out := Frame{ID: in.ID, HasID: true, Source: s.id.AgentID, Target: in.Source}
		out.Result, out.Error = s.callHandler(ctx, in)
		err := s.w.WriteFrame(&out)
		if errors.Is(err, ErrUnsendable) {
			out.Result, out.Error = nil, &Error{Code: CodeBadRequest, Message: sanitize(err.Error(), maxMessageBytes)}
			err = s.w.WriteFrame(&out)
		}
		if err != nil {
			return s.writeFailed(ctx, err)
		}
	}
	return nil
}

func (s *Session) callHandler(ctx context.Context, in *Frame) (result json.RawMessage, failed *Error) {
	defer func() {
		if p := recover(); p != nil {
			result, failed = nil, &Error{Code: CodeInternal, Message: fmt.Sprintf("%q panicked", in.Method)}
			if bug, ok := p.(runtime.Error); ok { // any other value might hold a secret
				failed.Message += ": " + bug.Error()
			}
		}
	}()
	switch {
	case in.V != Version:
		message := fmt.Sprintf("protocol version %q is not supported, only %q", in.V, Version)
		return nil, &Error{Code: CodeBadRequest, Message: message}
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
