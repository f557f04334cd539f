package server

import (
	"errors"
	"io"
	"net"
)

// A handshakeConn is a connection during its TLS handshake. Computing needs a turn, of which there are as
// many as processors; a handshake that waits for its peer has none, so a peer that stalls delays nobody.
//
// Only one goroutine may use it before done is called.
type handshakeConn struct {
	net.Conn
	prefix []byte        // received before the handshake began
	turns  chan struct{} // nil after the handshake
}

func newHandshakeConn(nc net.Conn, prefix []byte, turns chan struct{}) *handshakeConn {
	turns <- struct{}{}
	return &handshakeConn{nc, prefix, turns}
}

// done gives the turn back.
func (c *handshakeConn) done() {
	if c.turns != nil {
		<-c.turns
		c.turns = nil
	}
}

// without runs a read or a write, which may block, without a turn.
func (c *handshakeConn) without(do func([]byte) (int, error), p []byte) (int, error) {
	if c.turns == nil {
		return do(p)
	}
	<-c.turns
	n, err := do(p)
	c.turns <- struct{}{}
	return n, err
}

func (c *handshakeConn) Read(p []byte) (int, error) {
	if len(c.prefix) > 0 {
		n := copy(p, c.prefix)
		c.prefix = c.prefix[n:]
		return n, nil
	}
	return c.without(c.Conn.Read, p)
}

func (c *handshakeConn) Write(p []byte) (int, error) { return c.without(c.Conn.Write, p) }

// CloseWrite closes one direction of TCP, where the connection has two.
func (c *handshakeConn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

// firstByte waits for the first byte of a connection.
func firstByte(r io.Reader) ([]byte, error) {
	first := make([]byte, 1)
	_, err := io.ReadFull(r, first)
	return first, err
}
