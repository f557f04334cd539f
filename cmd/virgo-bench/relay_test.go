package main

import (
	"io"
	"net"
	"testing"
	"time"
)

// A peer that answers each byte with two of its own, at two times.
func echo(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				b := make([]byte, 1)
				for {
					if _, err := conn.Read(b); err != nil {
						return
					}
					conn.Write(b)
					conn.Write(b)
				}
			}()
		}
	}()
	return l
}

func TestRelayCountsRoundTrips(t *testing.T) {
	r, err := newRelay(echo(t).Addr().String(), 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// Each step sends so many bytes at once and waits for all of their answers.
	for _, tt := range []struct {
		steps []int
		want  int
	}{{nil, 1}, {[]int{1}, 2}, {[]int{1, 1}, 3}, {[]int{5, 1, 3}, 4}} {
		conn, err := net.Dial("tcp", r.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range tt.steps {
			for range n {
				if _, err := conn.Write([]byte{'x'}); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := io.ReadFull(conn, make([]byte, 2*n)); err != nil {
				t.Fatal(err)
			}
		}
		// The goodbye waits for no answer.
		conn.Write([]byte{'x'})
		conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, conn)
		conn.Close()
		if got := r.take(); got != tt.want {
			t.Errorf("%v: %d round trips, want %d", tt.steps, got, tt.want)
		}
		bytes := int64(1)
		for _, n := range tt.steps {
			bytes += int64(n)
		}
		if got := r.takeSent(); got != bytes {
			t.Errorf("%v: %d bytes sent, want %d", tt.steps, got, bytes)
		}
	}
}
