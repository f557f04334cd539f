package transporttest

import (
	"errors"
	"net"
	"sync"
)

var errSpent = errors.New("cut by the script")

// A cutter ends a connection after so many bytes in or out; 0 is never. It closes it, or, where silence is
// set, lets nothing more pass either way, tells neither side, and reads from the dead until silence is
// closed.
type cutter struct {
	net.Conn
	in, out int
	silence <-chan struct{}

	mu   sync.Mutex
	cut  bool
	read int
	sent int
}

func (c *cutter) spent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}

// Read gives no byte past the last one that may pass.
func (c *cutter) Read(b []byte) (int, error) {
	if c.silence != nil && c.spent() {
		<-c.silence
		return 0, errSpent
	}
	if c.in > 0 && len(b) > 0 {
		c.mu.Lock()
		left := c.in - c.read
		c.mu.Unlock()
		b = b[:min(len(b), max(left, 1))]
	}
	n, err := c.Conn.Read(b)
	if c.silence != nil && c.spent() { // it fell silent meanwhile
		<-c.silence
		return 0, errSpent
	}
	c.count(&c.read, n, c.in)
	return n, err
}

// Write lets through what may pass.
func (c *cutter) Write(b []byte) (int, error) {
	all := len(b)
	if c.silence != nil && c.spent() {
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
		err = errSpent
	}
	return n, err
}

func (c *cutter) count(n *int, by, limit int) {
	c.mu.Lock()
	*n += by
	c.cut = c.cut || limit > 0 && *n >= limit
	over := c.cut
	c.mu.Unlock()
	if over && c.silence == nil {
		c.Conn.Close()
	}
}
