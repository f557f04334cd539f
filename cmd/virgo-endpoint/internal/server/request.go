package server

import (
	"encoding/json"
	"errors"
	"fmt"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport"
)

// self is the source of the endpoint's own frames.
const self = "endpoint"

// Error codes that package transport does not define. Code 400 applies to one request; every other code
// ends the agent's session (PROTOCOL.md).
const (
	codeUnavailable = 503 // the agent keeps what it has and comes back
	codeBadVersion  = 505
)

// request handles one frame. An error closes the connection.
func (c *conn) request(f *transport.Frame) error {
	if f.Method == "" {
		return c.response(f)
	}
	if f.V != transport.Version {
		return c.refuse(f, codeBadVersion,
			fmt.Sprintf("protocol version %s is not spoken here, only %q", intake.Quote(f.V), transport.Version))
	}
	if f.Source == "" || len(f.Source) > intake.MaxIDBytes {
		return c.refuse(f, transport.CodeBadRequest,
			fmt.Sprintf("source has to have 1 to %d bytes", intake.MaxIDBytes))
	}
	if f.Method == transport.MethodHello {
		return c.hello(f)
	}
	handle := c.method(f.Method)
	if handle == nil {
		return c.refuse(f, transport.CodeNotFound, "no such method: "+intake.Quote(f.Method))
	}
	s := c.sessions[f.Source]
	if s == nil || s.over.Load() {
		return c.refuseStranger(f)
	}
	if f.Method == transport.MethodPostMulti { // it counts what it expands to
		return handle(f, s)
	}
	if done, err := c.limited(f, s, 1, len(f.Params)); done {
		return err
	}
	return handle(f, s)
}

// method returns the function for a method that an agent may call after its hello; nil if there is none.
func (c *conn) method(name string) func(*transport.Frame, *session) error {
	switch name {
	case transport.MethodHeartbeat:
		return c.heartbeat
	case transport.MethodSchedule:
		return c.ifOpen(c.scheduleGet)
	case transport.MethodPost:
		return c.post
	case transport.MethodPostMulti:
		return c.postMulti
	case transport.MethodReceipt:
		return c.receipt
	case transport.MethodBundle:
		return c.bundlePost
	case transport.MethodBundleVersion:
		return c.ifOpen(c.bundleVersion)
	case transport.MethodProgramsVersion:
		return c.ifOpen(c.programsVersion)
	case "config_file.post":
		return c.ifOpen(c.configFile)
	}
	return nil
}

// refuseStranger answers a request of a source that has no session, or whose session is over.
func (c *conn) refuseStranger(f *transport.Frame) error {
	c.drop(f.Source)
	return c.refuse(f, transport.CodeUnauthorized, "say hello first: no session of source "+intake.Quote(f.Source))
}

// heartbeat sends the requests that are queued for the agent, then the answer: an agent that closes
// after its heartbeat has received all of them. Access and schedule are looked up just before that.
func (c *conn) heartbeat(f *transport.Frame, s *session) error {
	if now := c.srv.opt.Now(); s.setSeen(now) {
		c.srv.committer.submit(s.arrival(now), nil)
	}
	head := responseTo(f)
	// A heartbeat that arrives before the results in front of it are stored is decided with them.
	posted := s.posted
	if posted != nil && isClosed(posted.done) {
		posted = nil
	}
	return c.answer(answer{write: func(w *transport.Writer) error {
		if posted == nil || posted.err != nil {
			if refusal := c.stillOpen(s); refusal != nil {
				return c.writeRefusal(w, head, s, refusal)
			}
		}
		if _, hash, err := c.srv.opt.Schedules.For(s.agentID); err == nil && s.setSchedule(hash) {
			s.enqueue(outgoing{method: transport.MethodScheduleChanged})
		}
		c.askQuestions(s)
		c.tellOfBundle(s)
		for _, q := range s.dequeue(c.srv.opt.Now()) {
			if err := w.WriteFrame(&q); err != nil {
				return err
			}
		}
		head.Result = fmt.Appendf(nil, `{"timestamp":%d}`, c.srv.opt.Now().UnixMilli())
		return w.WriteFrame(&head)
	}})
}

// scheduleGet answers check_schedule.get. If there is no schedule for the agent, the code is 400: the
// agent continues its session and uses its cached schedule.
func (c *conn) scheduleGet(f *transport.Frame, s *session) error {
	result, hash, err := c.srv.opt.Schedules.For(s.agentID)
	if err != nil {
		return c.refuse(f, transport.CodeBadRequest, err.Error())
	}
	s.setSchedule(hash)
	return c.reply(f, result)
}

// configFile refuses with 400, so that the session of an agent that has such files goes on.
func (c *conn) configFile(f *transport.Frame, _ *session) error {
	return c.refuse(f, transport.CodeBadRequest, "this endpoint takes no configuration from agents")
}

// reply queues a result.
func (c *conn) reply(f *transport.Frame, result json.RawMessage) error {
	head := responseTo(f)
	head.Result = result
	return c.answer(answer{write: func(w *transport.Writer) error {
		err := w.WriteFrame(&head)
		if errors.Is(err, transport.ErrUnsendable) { // a schedule nested too deep; the session goes on
			c.log.Error("a result cannot be sent", "method", f.Method, "error", err)
			head.Result = nil
			return writeError(w, head, transport.CodeBadRequest, "the endpoint's answer does not fit a frame")
		}
		return err
	}})
}

// refuse queues an error.
func (c *conn) refuse(f *transport.Frame, code int, message string) error {
	head := responseTo(f)
	return c.answer(answer{write: func(w *transport.Writer) error { return writeError(w, head, code, message) }})
}

// refuseWith queues an error object.
func (c *conn) refuseWith(f *transport.Frame, refusal *transport.Error) error {
	head := responseTo(f)
	head.Error = refusal
	return c.answer(answer{write: func(w *transport.Writer) error { return w.WriteFrame(&head) }})
}

func writeError(w *transport.Writer, head transport.Frame, code int, message string) error {
	head.Error = &transport.Error{Code: code, Message: message}
	return w.WriteFrame(&head)
}

// responseTo returns a response without a result: source and target are swapped, v is the endpoint's.
func responseTo(f *transport.Frame) transport.Frame {
	source := f.Target
	if source == "" || len(source) > intake.MaxIDBytes {
		source = self
	}
	target := f.Source
	if len(target) > intake.MaxIDBytes {
		target = ""
	}
	return transport.Frame{V: transport.Version, ID: f.ID, HasID: true, Source: source, Target: target}
}
