package server

import (
	"bytes"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport"
	"virgo/transport/receipt"
)

// post submits a result to the committer; its answer is ready when the result is durable.
func (c *conn) post(f *transport.Frame, s *session) error {
	now := c.srv.opt.Now()
	a := s.arrival(now)
	r, err := intake.ParsePost(f.Params, now)
	if err != nil {
		c.log.Warn("a result was refused", "agent", s.agentID, "reason", err)
		if r.ResultID != "" {
			a.Refusals = []receipt.Refused{{ID: r.ResultID, Code: intake.RefusedCode, Message: err.Error()}}
			c.srv.committer.submit(a, nil)
		}
		return c.ifOpen(func(f *transport.Frame, _ *session) error {
			return c.refuse(f, intake.RefusedCode, err.Error())
		})(f, s)
	}
	size := int64(len(f.Params))
	c.srv.pending.take(size)
	r.ClockOffsetMS = s.clockOffset
	r.Params = bytes.ToValidUTF8(f.Params, []byte("\uFFFD")) // a copy: the frame's bytes are the reader's
	a.Results = []intake.Result{r}
	s.setSeen(now)
	sub := c.srv.committer.submit(a, func() { c.srv.pending.give(size) })
	head := responseTo(f)
	return c.answer(answer{ready: sub.done, write: func(w *transport.Writer) error {
		switch {
		case sub.err == nil:
			head.Result = []byte("0")
			return w.WriteFrame(&head)
		case denied(sub.err) != nil:
			return c.writeRefusal(w, head, s, denied(sub.err))
		default:
			return writeError(w, head, codeUnavailable, sub.err.Error())
		}
	}})
}
