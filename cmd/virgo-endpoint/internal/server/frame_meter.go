package server

import (
	"errors"
	"time"
)

var errSlowFrame = errors.New("its frame took too long")

// A frameMeter reads a connection and bounds the frame in progress: its time by Limits.Frame, and its
// bytes by Limits.UnauthenticatedFrameBytes before the first good hello. After it, a larger frame
// counts against Limits.LargeFrames.
type frameMeter struct {
	conn  *conn
	limit int
	bytes int  // since the last whole frame
	timed bool // the frame's own deadline is set
	large *largeFrame
}

func (m *frameMeter) Read(p []byte) (int, error) {
	if err := m.admit(); err != nil {
		return 0, err
	}
	n, err := m.conn.tc.Read(p)
	m.bytes += n
	if m.large != nil {
		if displaced := m.conn.srv.large.received(m.large, n); displaced != nil {
			return 0, displaced
		}
	}
	if m.timed && !m.conn.srv.isDraining() {
		err = timeoutAs(err, errSlowFrame)
	}
	return n, err
}

// admit decides whether more of the frame in progress is read.
func (m *frameMeter) admit() error {
	c := m.conn
	switch {
	case m.bytes == 0:
		return nil
	case !c.authenticated && m.bytes > m.limit:
		return errUnauthenticatedFrame
	case !c.authenticated:
		return nil // until c.deadline
	}
	if !m.timed {
		m.timed = true
		c.tc.SetReadDeadline(time.Now().Add(c.srv.opt.Limits.Frame))
		if c.srv.isDraining() { // Shutdown may have set its deadline before this one
			return errDraining
		}
	}
	if m.bytes > m.limit && m.large == nil {
		f := &largeFrame{token: c.tokens[0], bytes: int64(m.bytes), close: func() { c.tc.NetConn().Close() }}
		if err := c.srv.large.begin(f, c.srv.opt.Limits.Frame, c.srv.draining, c.writerEnded); err != nil {
			return err
		}
		m.large = f
	}
	return nil
}

// frameRead is called when a frame was read completely. It keeps its place among the large frames until it
// was handled: so long it is in memory.
func (m *frameMeter) frameRead() {
	m.bytes, m.timed = 0, false
	if m.large != nil {
		m.conn.srv.large.read(m.large)
	}
}

// frameEnded is called when a frame was handled, and at the end of the connection.
func (m *frameMeter) frameEnded() {
	if m.large != nil {
		m.conn.srv.large.end(m.large)
		m.large = nil
	}
}
