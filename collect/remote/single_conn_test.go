package remote

import (
	"context"
	"errors"
	"net"
	"testing"
)

// TestSingleConn: a request dials once, and its connection is closed when it ends.
func TestSingleConn(t *testing.T) {
	dials := 0
	var peer net.Conn
	dial := func() (conn net.Conn, err error) {
		dials++
		conn, peer = net.Pipe()
		return conn, nil
	}
	single, stop := newSingleConn(t.Context())
	if _, err := single.open(dial); err != nil {
		t.Fatal(err)
	}
	if _, err := single.open(dial); !errors.Is(err, errNoRetry) || dials != 1 {
		t.Errorf("the second call returns %v after %d dials", err, dials)
	}
	stop()
	if _, err := peer.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is open after stop")
	}
	ctx, cancel := context.WithCancel(t.Context())
	single, stop = newSingleConn(ctx)
	defer stop()
	if _, err := single.open(func() (net.Conn, error) {
		stop() // while it dials
		return dial()
	}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a dial that ends after the request returns %v", err)
	}
	if _, err := peer.Read(make([]byte, 1)); err == nil {
		t.Error("the connection of a dial that ended after the request is open")
	}
	cancel()
}
