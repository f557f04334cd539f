package transporttest

import (
	"errors"
	"net"
	"sync"
)

var errScriptClosed = errors.New("connection closed by the script")

// A limitedConn closes a connection after a number of bytes in or out; 0 means never. If silence is
// set, it instead discards all writes after that and blocks reads until silence is closed.
type limitedConn struct {
	net.Conn
	in, out int
	silence <-chan struct{}

	mu   sync.Mutex
	cut  bool
	read int
	sent int
}

func (c *limitedConn) closedByScript() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}

// Read returns no byte after the limit.
func (c *limitedConn) Read(b []byte) (int, error) {
	if c.silence != nil && c.closedByScript() {
		<-c.silence
		return 0, errScriptClosed
	}
	if c.in > 0 && len(b) > 0 {
		c.mu.Lock()
		left := c.in - c.read
		c.mu.Unlock()
		b = b[:min(len(b), max(left, 1))]
	}
	n, err := c.Conn.Read(b)
	if c.silence != nil && c.closedByScript() { // the limit was reached meanwhile
		<-c.silence
		return 0, errScriptClosed
	}
	c.count(&c.read, n, c.in)
	return n, err
}

// Write writes no byte after the limit.
func (c *limitedConn) Write(b []byte) (int, error) {
	all := len(b)
	if c.silence != nil && c.closedByScript() {
		return all, nil
	}
	if c.out > 0 {
		c.mu.Lock()
		b = b[:min(len(b), max(0, c.out-c.sent))]
		c.mu.Unlock()
	}
	n, err := c.Conn.Write(b)
	c.count(&c.sent, n, c.out)
	switch {
	case err == nil && n < all && c.silence != nil:
		n = all
	case err == nil && n < all:
		err = errScriptClosed
	}
	return n, err
}

func (c *limitedConn) count(n *int, by, limit int) {
	c.mu.Lock()
	*n += by
	c.cut = c.cut || limit > 0 && *n >= limit
	over := c.cut
	c.mu.Unlock()
	if over && c.silence == nil {
		c.Conn.Close()
	}
}
