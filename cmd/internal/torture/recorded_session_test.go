package torture

import (
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// A stream is what one side sent on the wire in an undisturbed session.
type stream struct {
	size     int
	helloEnd int   // bytes up to the end of hello, or of its answer
	edges    []int // where TLS records end
}

// edgeTolerance is how far from an edge still counts as at it: ECDSA signatures vary in length by a few bytes.
const edgeTolerance = 6

func (s stream) nearEdge(at int) bool {
	i, _ := slices.BinarySearch(s.edges, at)
	return i < len(s.edges) && s.edges[i]-at <= edgeTolerance || i > 0 && at-s.edges[i-1] <= edgeTolerance
}

// newStream finds the TLS records (RFC 8446, 5.1: a byte of type, two of version, two of length).
func newStream(t *testing.T, wire []byte, greeting int) stream {
	t.Helper()
	const header = 5
	s := stream{size: len(wire), helloEnd: greeting}
	for at := 0; at < len(wire); s.edges = append(s.edges, at) {
		if len(wire)-at < header {
			t.Fatalf("a TLS record of %d bytes", len(wire)-at)
		}
		at += header + int(wire[at+3])<<8 + int(wire[at+4])
	}
	return s
}

// A recorder stores everything that passes through a connection.
type recorder struct {
	net.Conn
	mu             sync.Mutex
	sent, received []byte
	receivedSince  bool     // since the last write
	turns          [][2]int // bytes sent and received so far at each write that follows a read
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.received = append(r.received, b[:n]...)
	r.receivedSince = r.receivedSince || n > 0
	return n, err
}

func (r *recorder) Write(b []byte) (int, error) {
	r.mu.Lock()
	if r.receivedSince {
		r.turns = append(r.turns, [2]int{len(r.sent), len(r.received)})
		r.receivedSince = false
	}
	r.mu.Unlock()
	n, err := r.Conn.Write(b)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, b[:n]...)
	return n, err
}

// record returns the two streams of a case's first run when nothing disturbs it.
func (s *startState) record(t *testing.T) (sent, received stream) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := s.restore(t, endpointScript(s.pipelined))
		defer b.close()
		var r *recorder
		b.wrapConn = func(c net.Conn) net.Conn {
			if r != nil {
				t.Error("a second connection")
			}
			r = &recorder{Conn: c}
			return r
		}
		if rep := b.run(t); rep.Delivery.Err != nil || rep.Delivery.Delivered != s.waiting+checksPerRun {
			t.Fatalf("%+v", rep)
		}
		b.endpoint.Close()
		// The agent writes twice before hello is answered, or sends everything in the second write.
		r.turns = append(r.turns, [2]int{len(r.sent), len(r.received)})
		sent, received = newStream(t, r.sent, r.turns[1][0]), newStream(t, r.received, r.turns[1][1])
	})
	return sent, received
}
