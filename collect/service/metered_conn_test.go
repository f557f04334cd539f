package service

import (
	"errors"
	"io"
	"net"
	"testing"
)

// TestMeteredConnIgnoresOwnClose: drivers still read while they close a connection, which must not
// hide the server's error.
func TestMeteredConnIgnoresOwnClose(t *testing.T) {
	dial := func(port string) *meteredConn {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return &meteredConn{Conn: conn}
	}
	m := dial(serveSilence(t))
	m.Close()
	if _, err := m.Read(make([]byte, 1)); err == nil || m.readError() != nil {
		t.Errorf("read returned %v after a close here, and readError %v", err, m.readError())
	}
	m = dial(serveClose(t))
	if _, err := m.Read(make([]byte, 1)); !errors.Is(m.readError(), io.EOF) {
		t.Errorf("read returned %v after the server closed, and readError %v", err, m.readError())
	}
}
