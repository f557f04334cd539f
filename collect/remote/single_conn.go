package remote

import (
	"context"
	"errors"
	"net"
	"sync"
)

// errNoRetry is returned when net/http would repeat a request on another connection.
var errNoRetry = errors.New("the server closed the connection without a response")

// A singleConn is the only connection of a request, closed when the request ends. Left alone,
// net/http goes on dialing after its request has ended, for later requests, and repeats a request
// as often as an HTTP/2 server resets it (measured: 430 times a second, until the context ended).
type singleConn struct {
	mu     sync.Mutex
	conn   net.Conn
	dialed bool
	ended  bool
}

// newSingleConn returns a singleConn that is closed when the context is done, or by stop.
func newSingleConn(ctx context.Context) (c *singleConn, stop func()) {
	c = &singleConn{}
	detach := context.AfterFunc(ctx, c.close)
	return c, func() { detach(); c.close() }
}

// open dials; it fails from the second call on. Errors: errNoRetry, net.ErrClosed where the request
// has ended, and dial's.
func (c *singleConn) open(dial func() (net.Conn, error)) (net.Conn, error) {
	c.mu.Lock()
	again := c.dialed
	c.dialed = true
	c.mu.Unlock()
	if again {
		return nil, errNoRetry
	}
	conn, err := dial()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		conn.Close()
		return nil, net.ErrClosed
	}
	c.conn = conn
	return conn, nil
}

func (c *singleConn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.conn != nil {
		c.conn.Close()
	}
}
