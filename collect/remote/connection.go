package remote

import (
	"context"
	"errors"
	"net"
	"sync"
)

// errBrokenOff is returned when a request that was sent would be sent again on another connection.
var errBrokenOff = errors.New("the server broke off without an answer")

// A connection is the one that a request may have. net/http goes on dialling when its request has ended, in case another
// one wants the connection, and repeats a request as often as an HTTP/2 server breaks it off (measured: 430 times a
// second, until the context ended): here there is one, and it is closed with the request.
type connection struct {
	mu    sync.Mutex
	conn  net.Conn
	taken bool
	over  bool
}

// until closes the connection when the context is done; stop closes it before.
func until(ctx context.Context) (c *connection, stop func()) {
	c = &connection{}
	detach := context.AfterFunc(ctx, c.close)
	return c, func() { detach(); c.close() }
}

// open dials, the first time. Errors: errBrokenOff, net.ErrClosed where the request is over, and dial's.
func (c *connection) open(dial func() (net.Conn, error)) (net.Conn, error) {
	c.mu.Lock()
	again := c.taken
	c.taken = true
	c.mu.Unlock()
	if again {
		return nil, errBrokenOff
	}
	conn, err := dial()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		conn.Close()
		return nil, net.ErrClosed
	}
	c.conn = conn
	return conn, nil
}

func (c *connection) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.conn != nil {
		c.conn.Close()
	}
}
