package main

import (
	"net"
	"testing"

	"virgo/transport/transporttest"
)

// serveWhenReleased listens for an endpoint. It closes asked when a connection comes, and serves it and later
// ones when release is closed.
func serveWhenReleased(t *testing.T, e *transporttest.Endpoint, asked chan<- struct{}, release <-chan struct{}) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for first := true; ; first = false {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if first {
				close(asked)
			}
			<-release
			go e.ServeTLS(conn)
		}
	}()
	return listener.Addr().String()
}
