package transport

import (
	"net"
	"testing"
	"time"
)

// A deadlineConn records the write deadlines that are set.
type deadlineConn struct {
	net.Conn
	deadlines []time.Time
}

func (c *deadlineConn) Write(b []byte) (int, error) { return len(b), nil }

func (c *deadlineConn) SetWriteDeadline(t time.Time) error {
	c.deadlines = append(c.deadlines, t)
	return nil
}

// TLS writes during reads as well, which must not fail for the deadline of an earlier write.
func TestWriteDeadlineIsRemovedAfterEachWrite(t *testing.T) {
	conn := new(deadlineConn)
	s := stream{conn, time.Minute}
	if _, err := s.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if len(conn.deadlines) != 2 || conn.deadlines[0].IsZero() || !conn.deadlines[1].IsZero() {
		t.Errorf("deadlines %v", conn.deadlines)
	}
}
