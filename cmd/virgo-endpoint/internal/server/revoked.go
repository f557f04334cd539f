package server

import (
	"context"
	"time"

	"virgo/transport"
)

// stillOpen looks up in the store whether a session may go on, which another process may have ended. It
// returns the error object to answer with, nil if it may. Results need no look-up of their own: their
// commit decides.
func (c *conn) stillOpen(s *session) *transport.Error {
	open, err := c.srv.opt.Intake.Open(context.Background(), s.agentID, s.access, c.srv.opt.Now())
	switch {
	case err != nil:
		c.log.Error("an agent could not be looked up", "agent", s.agentID, "error", err)
		return &transport.Error{Code: codeUnavailable, Message: "the endpoint cannot read its store"}
	case !open:
		return denied(s.access.Withdrawn())
	}
	return nil
}

// ifOpen returns a handler that looks first whether the session may go on.
func (c *conn) ifOpen(
	handle func(*transport.Frame, *session) error,
) func(*transport.Frame, *session) error {
	return func(f *transport.Frame, s *session) error {
		refusal := c.stillOpen(s)
		if refusal == nil {
			return handle(f, s)
		}
		head := responseTo(f)
		return c.answer(answer{write: func(w *transport.Writer) error { return c.writeRefusal(w, head, s, refusal) }})
	}
}

// writeRefusal writes the error that ends a session. Nothing that the session still sends is handled, and
// where it was the last one the connection is closed.
func (c *conn) writeRefusal(w *transport.Writer, head transport.Frame, s *session, refusal *transport.Error) error {
	if refusal.Code == transport.CodeUnauthorized && s.end() {
		c.log.Warn("a session was ended", "agent", s.agentID, "reason", refusal.Message)
		if c.live.Add(-1) == 0 {
			c.ended.Store(true)
			c.tc.SetReadDeadline(time.Unix(1, 0)) // the peer may send nothing any more
		}
	}
	head.Error = refusal
	return w.WriteFrame(&head)
}

// open adds a session in place of an earlier one of its source.
func (c *conn) open(s *session) {
	c.drop(s.source)
	c.sessions[s.source] = s
	c.live.Add(1)
}

// drop ends the session of a source, if it has one.
func (c *conn) drop(source string) {
	if s := c.sessions[source]; s != nil && s.end() {
		c.live.Add(-1)
	}
	delete(c.sessions, source)
}

// end marks a session as over; it returns false if it was already.
func (s *session) end() bool { return s.over.CompareAndSwap(false, true) }
