package remote

import (
	"context"
	"net"
	"sync"
)

// connections are those that a check opened. net/http goes on dialling when its request has ended, in case
// another one wants the connection: here there is none, and all are closed with the check.
type connections struct {
	mu   sync.Mutex
	open []net.Conn
	over bool
}

// until closes the connections when the context is done; stop closes them before.
func until(ctx context.Context) (c *connections, stop func()) {
	c = &connections{}
	detach := context.AfterFunc(ctx, c.close)
	return c, func() { detach(); c.close() }
}

// keep takes a connection, or closes it where the check is over.
func (c *connections) keep(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		conn.Close()
		return nil, net.ErrClosed
	}
	c.open = append(c.open, conn)
	return conn, nil
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	for _, conn := range c.open {
		conn.Close()
	}
	c.open = nil
}
