package endpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"virgo/transport"
)

// maxShown bounds what is repeated of a peer's text.
const maxShown = 64

// self is the source of the endpoint's own frames.
const self = "endpoint"

// Error codes of the endpoint's own, beside transport's. 400 is an error of that one request; every
// other code ends the agent's session (PROTOCOL.md).
const (
	codeUnavailable = 503 // the agent keeps what it has and comes back
	codeBadVersion  = 505
)

// request answers one frame. An error closes the connection.
func (c *conn) request(f *transport.Frame) error {
	if f.Method == "" {
		c.response(f)
		return nil
	}
	if f.V != transport.Version {
		return c.refuse(f, codeBadVersion, fmt.Sprintf("protocol version %s is not spoken here, only %q", clip(f.V), transport.Version))
	}
	if f.Source == "" || len(f.Source) > MaxIDBytes {
		return c.refuse(f, transport.CodeBadRequest, fmt.Sprintf("source has to have 1 to %d bytes", MaxIDBytes))
	}
	if f.Method == transport.MethodHello {
		return c.hello(f)
	}
	answer := c.method(f.Method)
	if answer == nil {
		return c.refuse(f, transport.CodeNotFound, "no such method: "+clip(f.Method))
	}
	s := c.sessions[f.Source]
	if s == nil {
		return c.refuse(f, transport.CodeUnauthorized, "say hello first: no session of source "+clip(f.Source))
	}
	return answer(f, s)
}

// method is what an agent may call once it said hello; nil where there is no such method.
func (c *conn) method(name string) func(*transport.Frame, *session) error {
	switch name {
	case transport.MethodHeartbeat:
		return c.heartbeat
	case transport.MethodSchedule:
		return c.scheduleGet
	case transport.MethodPost:
		return c.post
	case methodReceipt:
		return c.receipt
	case "bundle_upgrade.get_version", "binary_upgrade.get_version":
		return c.upgradeVersion
	case "config_file.post":
		return c.configFile
	}
	return nil
}

// response takes an agent's answer to a request of ours.
func (c *conn) response(f *transport.Frame) {
	s := c.sessions[f.Source]
	if s == nil {
		c.log.Debug("an answer of nobody's session", "source", shown(f.Source))
		return
	}
	method, ok := s.answered(f.ID)
	switch {
	case !ok:
		c.log.Debug("an answer to nothing that was asked", "agent", s.agentID, "id", uint64(f.ID))
	case f.Error != nil:
		c.log.Info("an agent refused a request", "agent", s.agentID, "method", method, "code", f.Error.Code, "message", shown(f.Error.Message))
	}
}

// heartbeat sends what is queued for the agent, then the answer: an agent that closes after its
// heartbeat has then seen all of it. Everything is looked up when its turn in the order comes.
func (c *conn) heartbeat(f *transport.Frame, s *session) error {
	now := c.srv.now()
	if s.note(now) {
		c.srv.committer.submit(&arrival{agentID: s.agentID, token: s.token, received: now, done: make(chan struct{})})
	}
	head := responseTo(f)
	return c.answer(answer{write: func(w *transport.Writer) error {
		valid, err := c.srv.store.tokenValid(context.Background(), s.token)
		if err != nil {
			c.log.Error("a token could not be looked up", "agent", s.agentID, "error", err)
			return writeError(w, head, codeUnavailable, "the endpoint cannot read its store")
		}
		if !valid {
			return writeError(w, head, transport.CodeUnauthorized, ErrBadToken.Error())
		}
		if served, err := c.srv.schedules.For(s.agentID); err == nil && s.tell(served.Hash) {
			s.enqueue(ask{method: transport.MethodScheduleChanged})
		}
		for _, q := range s.takeQueue() {
			if err := w.WriteFrame(&q); err != nil {
				return err
			}
		}
		head.Result = fmt.Appendf(nil, `{"timestamp":%d}`, c.srv.now().UnixMilli())
		return w.WriteFrame(&head)
	}})
}

// scheduleGet answers an agent for whom there is no good schedule with 400: it goes on with its cached
// one, and with its session.
func (c *conn) scheduleGet(f *transport.Frame, s *session) error {
	served, err := c.srv.schedules.For(s.agentID)
	if err != nil {
		return c.refuse(f, transport.CodeBadRequest, err.Error())
	}
	s.tell(served.Hash)
	return c.reply(f, served.Result)
}

func (c *conn) upgradeVersion(f *transport.Frame, _ *session) error {
	return c.reply(f, []byte(`{"version":"`+upgradesOff+`"}`))
}

// configFile is not taken; 400 leaves the session of an agent that has such files alone.
func (c *conn) configFile(f *transport.Frame, _ *session) error {
	return c.refuse(f, transport.CodeBadRequest, "this endpoint takes no configuration from agents")
}

// post hands a result to the committer; its answer is ready when that has committed it.
func (c *conn) post(f *transport.Frame, s *session) error {
	now := c.srv.now()
	r, err := parsePost(f.Params, now)
	if err != nil {
		c.log.Warn("a result was refused", "agent", s.agentID, "reason", err)
		if r.ResultID != "" {
			c.srv.committer.submit(&arrival{agentID: s.agentID, token: s.token, received: now, done: make(chan struct{}),
				refusal: &refusal{resultID: r.ResultID, code: transport.CodeBadRequest, message: err.Error()}})
		}
		return c.refuse(f, transport.CodeBadRequest, err.Error())
	}
	size := int64(len(f.Params))
	c.srv.pending.take(size)
	r.ClockOffsetMS = s.clockOffset
	r.Params = bytes.ToValidUTF8(f.Params, []byte("\uFFFD")) // a copy: the frame's bytes are the reader's
	a := &arrival{agentID: s.agentID, token: s.token, received: now, result: &r, done: make(chan struct{}),
		committed: func() { c.srv.pending.give(size) }}
	s.note(now)
	c.srv.committer.submit(a)
	head := responseTo(f)
	return c.answer(answer{ready: a.done, write: func(w *transport.Writer) error {
		switch {
		case a.err == nil:
			head.Result = []byte("0")
			return w.WriteFrame(&head)
		case errors.Is(a.err, ErrBadToken):
			return writeError(w, head, transport.CodeUnauthorized, a.err.Error())
		default:
			return writeError(w, head, codeUnavailable, a.err.Error())
		}
	}})
}

// reply puts a result into the order of answers.
func (c *conn) reply(f *transport.Frame, result json.RawMessage) error {
	head := responseTo(f)
	head.Result = result
	return c.answer(answer{write: func(w *transport.Writer) error {
		err := w.WriteFrame(&head)
		if errors.Is(err, transport.ErrUnsendable) { // a schedule nested too deep; a refusal leaves the session
			c.log.Error("a result cannot be sent", "method", f.Method, "error", err)
			head.Result = nil
			return writeError(w, head, transport.CodeBadRequest, "the endpoint's answer does not fit a frame")
		}
		return err
	}})
}

// refuse puts an error into the order of answers.
func (c *conn) refuse(f *transport.Frame, code int, message string) error {
	head := responseTo(f)
	return c.answer(answer{write: func(w *transport.Writer) error { return writeError(w, head, code, message) }})
}

func writeError(w *transport.Writer, head transport.Frame, code int, message string) error {
	head.Error = &transport.Error{Code: code, Message: message}
	return w.WriteFrame(&head)
}

// responseTo is a response without its result: source and target are swapped, v is ours.
func responseTo(f *transport.Frame) transport.Frame {
	source := f.Target
	if source == "" || len(source) > MaxIDBytes {
		source = self
	}
	target := f.Source
	if len(target) > MaxIDBytes {
		target = ""
	}
	return transport.Frame{V: transport.Version, ID: f.ID, HasID: true, Source: source, Target: target}
}

// clip quotes a peer's text for an error, at most maxShown bytes of it.
func clip(s string) string {
	if len(s) > maxShown {
		return strconv.Quote(s[:maxShown]) + "…"
	}
	return strconv.Quote(s)
}

// shown bounds a peer's text for the log, which quotes it by itself.
func shown(s string) string {
	if len(s) > maxShown {
		return s[:maxShown] + "…"
	}
	return s
}
