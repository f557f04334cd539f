package transport

import (
	"net"
	"time"
)

// A stream is a connection whose writes are bounded in time.
type stream struct {
	net.Conn
	limit time.Duration
}

// Write fails when the peer reads nothing for the limit. It is called with at most one TLS record
// at a time, so that a slow link does not count as a stalled one.
func (s stream) Write(b []byte) (int, error) {
	if err := s.SetWriteDeadline(time.Now().Add(s.limit)); err != nil {
		return 0, err
	}
	n, err := s.Conn.Write(b)
	s.SetWriteDeadline(time.Time{}) // TLS also writes during a read, which must not fail for an old deadline
	return n, err
}

// closeConn closes the TCP connection at once, without a close_notify that could wait for the peer.
func closeConn(conn net.Conn) {
	for {
		outer, ok := conn.(interface{ NetConn() net.Conn }) // a *tls.Conn, inside another one behind an HTTPS proxy
		if !ok {
			break
		}
		conn = outer.NetConn()
	}
	conn.Close()
}
