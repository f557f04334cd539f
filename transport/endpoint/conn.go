package endpoint

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"runtime/debug"
	"time"

	"virgo/transport"
)

// A conn is a connection that speaks JSON-RPC. Its reader takes requests one by one; each leaves an
// answer in a queue, in order; its writer waits for the front one, writes it, and so on.
type conn struct {
	srv      *Server
	tc       *tls.Conn
	remote   string
	log      *slog.Logger
	meter    *meter
	deadline time.Time // for the first good hello

	// The reader's.
	sessions map[string]*session // by source
	failed   int                 // hellos
	greeted  bool                // a hello was good

	answers chan answer
	broken  chan struct{} // closed when the writer gave up
}

// An answer is one place in the order of a connection's answers.
type answer struct {
	// ready is closed when write may be called; nil means now.
	ready <-chan struct{}
	write func(w *transport.Writer) error
}

func newConn(s *Server, tc *tls.Conn, log *slog.Logger, deadline time.Time) *conn {
	return &conn{
		srv:      s,
		tc:       tc,
		remote:   remoteOf(tc),
		log:      log,
		deadline: deadline,
		sessions: map[string]*session{},
		answers:  make(chan answer, s.limits.UnderWay),
		broken:   make(chan struct{}),
	}
}

// serve runs the connection to its end; begun was read from it already.
func (c *conn) serve(begun []byte) {
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.writeAll()
	}()
	err := c.readAll(begun)
	close(c.answers)
	<-written
	c.srv.logEnd(c.log, err)
	linger(c.tc, c.srv.limits.Linger)
}

// readAll reads frames until the peer, a bound or the server ends it; nil and io.EOF are the peer's
// ordinary goodbye.
func (c *conn) readAll(begun []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("panic while reading; the connection is closed", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	c.meter = &meter{conn: c, limit: c.srv.limits.StrangerFrameBytes}
	defer c.meter.reset()
	r := transport.NewReader(io.MultiReader(bytes.NewReader(begun), c.meter))
	for {
		deadline, late := c.deadline, errNoHello
		if c.greeted {
			deadline, late = time.Now().Add(c.srv.limits.Idle), errIdle
		}
		c.tc.SetReadDeadline(deadline)
		if c.srv.isDraining() { // after the deadline was set: Shutdown sets its own once it is draining
			return errDraining
		}
		f, err := r.ReadFrame()
		switch {
		case err == nil:
		case c.srv.isDraining():
			return errDraining
		case c.isBroken():
			return errBroken
		default:
			return unhurried(err, late)
		}
		c.meter.reset()
		if err := c.request(&f); err != nil {
			return err
		}
	}
}

// answer puts an answer into the order; errBroken where nobody sends it any more.
func (c *conn) answer(a answer) error {
	select {
	case c.answers <- a:
		return nil
	case <-c.broken:
		return errBroken
	}
}

func (c *conn) isBroken() bool {
	select {
	case <-c.broken:
		return true
	default:
		return false
	}
}

// writeAll sends the answers in their order until there are no more. It flushes when the next one is
// not ready, so that a peer never waits for another request's commit, and many small answers share a
// packet.
func (c *conn) writeAll() {
	w := transport.NewWriter(&deadlineWriter{tc: c.tc, limit: c.srv.limits.Write})
	if err := c.writeQueue(w); err != nil {
		close(c.broken)
		if !errors.Is(err, errPanic) {
			c.log.Warn("connection closed", "reason", err)
		}
		c.tc.NetConn().Close() // wakes the reader; TLS cannot go on after a write that was cut
		for range c.answers {  // what was taken is committed, its sender will ask again
		}
	}
}

var errPanic = errors.New("panic")

func (c *conn) writeQueue(w *transport.Writer) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("panic while writing; the connection is closed", "panic", p, "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	for a := range c.answers {
		if a.ready != nil {
			select {
			case <-a.ready:
			default:
				if err := w.Flush(); err != nil {
					return err
				}
				<-a.ready
			}
		}
		if err := a.write(w); err != nil {
			return err
		}
		if len(c.answers) == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}

// A deadlineWriter gives each write its own time, so that a peer that does not read is let go.
type deadlineWriter struct {
	tc    *tls.Conn
	limit time.Duration
}

func (w *deadlineWriter) Write(p []byte) (int, error) {
	w.tc.SetWriteDeadline(time.Now().Add(w.limit))
	n, err := w.tc.Write(p)
	return n, unhurried(err, errSlowReader)
}

var errSlowReader = errors.New("it does not read its answers")

// A meter counts a frame's bytes as they come. A stranger's frame may not be large, and a large one of
// somebody known needs a place among the few that are read at a time.
type meter struct {
	conn  *conn
	limit int
	bytes int  // since the last whole frame
	large bool // has a place
}

func (m *meter) Read(p []byte) (int, error) {
	if m.bytes > m.limit && !m.large {
		if !m.conn.greeted {
			return 0, errStrangerFrame
		}
		select {
		case m.conn.srv.large <- struct{}{}:
			m.large = true
		case <-m.conn.srv.draining:
			return 0, errDraining
		case <-m.conn.broken:
			return 0, errBroken
		}
	}
	n, err := m.conn.tc.Read(p)
	m.bytes += n
	return n, err
}

// reset is called when a frame is whole, and at the end.
func (m *meter) reset() {
	m.bytes = 0
	if m.large {
		m.large = false
		<-m.conn.srv.large
	}
}
