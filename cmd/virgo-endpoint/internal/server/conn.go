package server

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"virgo/transport"
)

// A conn is a connection that speaks JSON-RPC. Its reader handles requests one by one and puts an answer
// to each into a queue. Its writer sends the answers in that order, each as soon as it is ready.
type conn struct {
	srv      *Server
	tc       *tls.Conn
	state    tls.ConnectionState
	remote   string
	log      *slog.Logger
	deadline time.Time // for the first good hello
	place    *place
	refusing bool // every hello is answered with a rate limit

	// Used by the reader only.
	sessions      map[string]*session // by source
	failedHellos  int
	unasked       int        // answers to nothing
	authenticated bool       // a hello was good
	tokens        []holder   // of its good hellos, each once
	relay         bool       // the key of a hello is a relay's
	unsubmitted   []*session // whose hello may not be with the committer yet

	live  atomic.Int64 // sessions that are not over
	ended atomic.Bool  // a refusal ended the last one

	answers     chan answer
	writerEnded chan struct{} // closed when the writer cannot send any more
}

// An answer is one place in the order of a connection's answers.
type answer struct {
	// ready is closed when write may be called; nil means now.
	ready <-chan struct{}
	write func(w *transport.Writer) error
}

func newConn(s *Server, p *place, tc *tls.Conn, log *slog.Logger, deadline time.Time) *conn {
	return &conn{
		srv:         s,
		place:       p,
		tc:          tc,
		state:       tc.ConnectionState(),
		remote:      remoteOf(tc),
		log:         log,
		deadline:    deadline,
		sessions:    map[string]*session{},
		answers:     make(chan answer, s.opt.Limits.InProgress),
		writerEnded: make(chan struct{}),
	}
}

// serve serves the connection to its end. prefix are bytes that were read from it already.
func (c *conn) serve(prefix []byte) {
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.writeAll()
	}()
	err := c.readAll(prefix)
	close(c.answers)
	<-written
	c.srv.tokens.disconnect(c.tokens)
	c.srv.logEnd(c.log, err)
	if c.authenticated || c.refusing {
		c.srv.admission.move(c.place, closing)
	}
	if errors.Is(err, io.EOF) { // the peer has ended it, and reads nothing more
		c.tc.Close()
		return
	}
	closeAfter(c.tc, c.srv.opt.Limits.Linger)
}

// readAll handles frames until the peer, a limit or the server ends the connection. It returns io.EOF
// if the peer closed it between two frames.
func (c *conn) readAll(prefix []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("panic while reading; the connection is closed", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	in := &frameMeter{conn: c, limit: c.srv.opt.Limits.UnauthenticatedFrameBytes}
	defer in.frameEnded()
	defer c.submitHellos()
	rest := time.AfterFunc(idleAfter, func() { c.srv.admission.rest(c.place) })
	defer rest.Stop()
	r := transport.NewReader(io.MultiReader(bytes.NewReader(prefix), in))
	for {
		deadline, timeout := c.deadline, errNoHello
		if c.authenticated {
			deadline, timeout = time.Now().Add(c.srv.opt.Limits.Idle), errIdle
		}
		if r.Buffered() == 0 { // else there is another request to submit them with
			c.submitHellos()
		}
		c.tc.SetReadDeadline(deadline)
		if c.srv.isDraining() { // checked after SetReadDeadline, which may have replaced Shutdown's deadline
			return errDraining
		}
		if c.ended.Load() { // likewise, of writeRefusal
			return errSessionsOver
		}
		f, err := r.ReadFrame()
		switch {
		case err == nil:
		case c.ended.Load():
			return errSessionsOver
		case c.srv.isDraining():
			return errDraining
		case isClosed(c.writerEnded):
			return errWriterEnded
		default:
			return timeoutAs(err, timeout)
		}
		in.frameRead()
		c.srv.admission.busy(c.place)
		rest.Reset(idleAfter)
		if err := c.request(&f); err != nil {
			return err
		}
		in.frameEnded()
	}
}

// answer queues an answer. It blocks while Limits.InProgress answers are queued. Error: errWriterEnded.
func (c *conn) answer(a answer) error {
	select {
	case c.answers <- a:
		return nil
	case <-c.writerEnded:
		return errWriterEnded
	}
}

// writeAll sends the answers in their order until there are no more.
func (c *conn) writeAll() {
	w := transport.NewWriter(&deadlineWriter{tc: c.tc, limit: c.srv.opt.Limits.Write})
	if err := c.writeQueue(w); err != nil {
		close(c.writerEnded)
		if !errors.Is(err, errPanic) {
			c.log.Warn("connection closed", "reason", err)
		}
		c.tc.NetConn().Close() // ends the reader too: after a partial write TLS cannot continue
		for range c.answers {  // results are stored all the same; their agent sends them again
		}
	}
}

var errPanic = errors.New("panic")

// writeQueue writes the answers of the queue. It flushes when the next answer is not ready, so that no
// answer waits for another request's commit, and many small ones share a packet.
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

// A deadlineWriter sets a new deadline for each write, so that a peer that does not read is
// disconnected.
type deadlineWriter struct {
	tc    *tls.Conn
	limit time.Duration
}

func (w *deadlineWriter) Write(p []byte) (int, error) {
	w.tc.SetWriteDeadline(time.Now().Add(w.limit))
	n, err := w.tc.Write(p)
	return n, timeoutAs(err, errSlowReader)
}
