package service

import (
	"errors"
	"io"
	"net"
	"testing"
)

// Drivers read on in the background while they close a connection: what the server did stays the reason.
func TestMeasuredForgetsItsOwnEnd(t *testing.T) {
	dial := func(port string) *measured {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return &measured{Conn: conn}
	}
	m := dial(silent(t))
	m.Close()
	if _, err := m.Read(make([]byte, 1)); err == nil || m.ended() != nil {
		t.Errorf("read %v after it was closed here, and ended for: %v", err, m.ended())
	}
	m = dial(closing(t))
	if _, err := m.Read(make([]byte, 1)); !errors.Is(m.ended(), io.EOF) {
		t.Errorf("read %v after the server closed, and ended for: %v", err, m.ended())
	}
}
