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

// Write gives up when the other side takes nothing for the limit. It is called with at most a TLS record
// at a time, so that a slow link is not a stalled one.
func (s stream) Write(b []byte) (int, error) {
	if err := s.SetWriteDeadline(time.Now().Add(s.limit)); err != nil {
		return 0, err
	}
	n, err := s.Conn.Write(b)
	s.SetWriteDeadline(time.Time{}) // TLS writes within a read, too: a limit that has passed would break it
	return n, err
}

// cut ends the connection at once, without the goodbye that could itself wait for the other side.
func cut(conn net.Conn) {
	for {
		outer, ok := conn.(interface{ NetConn() net.Conn }) // *tls.Conn, within another behind an HTTPS proxy
		if !ok {
			break
		}
		conn = outer.NetConn()
	}
	conn.Close()
}
