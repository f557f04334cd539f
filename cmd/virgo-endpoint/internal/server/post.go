package server

import (
	"bytes"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport"
	"virgo/transport/receipt"
)

const (
	// freshBytes is the size up to which results may count as fresh: more than an ordinary run makes.
	freshBytes = 64 << 10
	// partBytes bounds the results of a frame that are committed at once, so that fresh results of others
	// do not wait for all of a large frame.
	partBytes = 256 << 10
	// resultBytes is the memory of one result beside its params.
	resultBytes = 384
)

// A posting is the results of one frame on their way to the committer.
type posting struct {
	accepted []intake.Result
	refusals []receipt.Refused // with an id
	backlog  bool
	lease    lease // of Server.pending
}

// newPosting reads the results of a frame with parse, which returns their number, and takes their bytes from
// the budget. Where they are many, it takes them first, and no more such frames are read at a time than
// cap(Server.parsing): so neither their memory nor the time that they take keeps fresh results waiting.
// After an error nothing is taken.
func (c *conn) newPosting(size int, backlog bool, parse func(*posting) (n int, err error)) (*posting, error) {
	p := &posting{backlog: backlog || size > freshBytes}
	pending := c.srv.pending
	if !p.backlog {
		n, err := parse(p)
		if err == nil {
			p.lease = pending.take(int64(size+n*resultBytes), p.backlog)
		}
		return p, err
	}
	c.srv.parsing <- struct{}{}
	defer func() { <-c.srv.parsing }()
	p.lease = pending.take(int64(size), true)
	n, err := parse(p)
	if err != nil {
		pending.give(p.lease)
		return p, err
	}
	pending.grow(&p.lease, int64(n*resultBytes))
	return p, nil
}

// post submits a result to the committer; its answer is ready when the result is durable.
func (c *conn) post(f *transport.Frame, s *session) error {
	now := c.srv.opt.Now()
	var refused *receipt.Refused
	p, err := c.newPosting(len(f.Params), false, func(p *posting) (int, error) {
		r, err := intake.ParsePost(f.Params, now)
		if err != nil {
			refused = &receipt.Refused{ID: r.ResultID, Code: intake.RefusedCode, Message: err.Error()}
			return 0, err
		}
		r.Params = bytes.ToValidUTF8(f.Params, []byte("\uFFFD")) // a copy: the frame's bytes are the reader's
		p.accepted = []intake.Result{r}
		p.backlog = p.backlog || r.Late
		return 1, nil
	})
	if err != nil {
		return c.refusePost(f, s, refused, now)
	}
	return c.submit(f, s, p, []byte("0"), now)
}

// refusePost answers a result that is refused. Its refusal is remembered for receipts.
func (c *conn) refusePost(f *transport.Frame, s *session, refused *receipt.Refused, now time.Time) error {
	c.log.Warn("a result was refused", "agent", s.agentID, "reason", refused.Message)
	if refused.ID != "" {
		a := s.arrival(now)
		a.Refusals = []receipt.Refused{*refused}
		c.srv.committer.submit(a, nil)
	}
	return c.ifOpen(func(f *transport.Frame, _ *session) error {
		return c.refuse(f, intake.RefusedCode, refused.Message)
	})(f, s)
}

// submit submits results to the committer. The frame is answered with result when all are durable.
func (c *conn) submit(f *transport.Frame, s *session, p *posting, result []byte, now time.Time) error {
	s.setSeen(now)
	for i := range p.accepted {
		p.accepted[i].ClockOffsetMS = s.clockOffset
	}
	var parts []*submission
	for len(parts) == 0 || len(p.accepted) > 0 {
		a := s.arrival(now)
		a.Backlog = p.backlog
		a.Refusals, p.refusals = p.refusals, nil
		a.Results, p.accepted = cutPart(p.accepted)
		var release func()
		if len(p.accepted) == 0 {
			release = func() { c.srv.pending.give(p.lease) }
		}
		parts = append(parts, c.srv.committer.submit(a, release))
	}
	head := responseTo(f)
	s.posted = parts[len(parts)-1]
	last := s.posted // a lane commits in its order, so all are done when the last one is
	return c.answer(answer{ready: last.done, write: func(w *transport.Writer) error {
		for _, part := range parts {
			switch {
			case part.err == nil:
			case denied(part.err) != nil:
				return c.writeRefusal(w, head, s, denied(part.err))
			default:
				return writeError(w, head, codeUnavailable, part.err.Error())
			}
		}
		head.Result = result
		return w.WriteFrame(&head)
	}})
}

// cutPart divides results into what is committed at once and the rest.
func cutPart(list []intake.Result) (part, rest []intake.Result) {
	size := 0
	for i := range list {
		if size += len(list[i].Params); size > partBytes && i > 0 {
			return list[:i:i], list[i:]
		}
	}
	return list, nil
}
