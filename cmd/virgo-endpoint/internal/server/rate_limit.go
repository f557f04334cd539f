package server

import (
	"errors"

	"virgo/transport"
)

// maxLimited is how many requests of a session are answered with its rate limit: an agent that pipelines
// has as many on the way. After them the connection is closed.
const maxLimited = 2 * transport.WindowRequests

var (
	errLimited  = errors.New("it goes on after its rate limit")
	errRefusing = errors.New("too many agents wait; it was told to come back")
)

// overloaded is the answer to a hello while too many connections wait.
const overloaded = "the endpoint is busy, please come back"

// refuseLimit queues a rate limit.
func (c *conn) refuseLimit(f *transport.Frame, limit *transport.Error) error {
	head := responseTo(f)
	head.Error = limit
	return c.answer(answer{write: func(w *transport.Writer) error { return w.WriteFrame(&head) }})
}

// limited counts requests of a session, or their bytes. If the session is over its quota, the request is answered with
// that, as are all later ones: a result must not be stored after an earlier one of its session was
// turned away. Then done is true. An error closes the connection.
func (c *conn) limited(f *transport.Frame, s *session, requests, bytes int) (done bool, err error) {
	if s.limit == nil {
		if s.limit = c.srv.tokens.request(s.use, requests, bytes); s.limit == nil {
			return false, nil
		}
		c.log.Warn("an agent sends too much; it keeps its results", "agent", s.agentID, "reason", s.limit.Message)
	}
	if s.limitedRequests++; s.limitedRequests > maxLimited {
		return true, errLimited
	}
	return true, c.refuseLimit(f, s.limit)
}
