package fleet

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
)

// closed waits until the endpoint closes a connection, and must not have to wait for long.
func closed(nc io.Reader) verdict {
	if _, err := io.Copy(io.Discard, nc); errors.Is(err, os.ErrDeadlineExceeded) {
		return allowed
	}
	return expected
}

// silent sends nothing.
func (a *attacker) silent(nc net.Conn) verdict { return closed(nc) }

// halfClientHello is the beginning of a handshake whose record has 512 bytes.
const halfClientHello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

// stallHandshake begins a handshake and sends no more.
func (a *attacker) stallHandshake(nc net.Conn) verdict {
	if _, err := io.WriteString(nc, halfClientHello); err != nil {
		return early
	}
	return closed(nc)
}

// stallHello begins a hello and sends no more.
func (a *attacker) stallHello(nc net.Conn) verdict {
	conn := a.tls(nc)
	if conn == nil {
		return early
	}
	if _, err := io.WriteString(conn, `{"v":"1","id":0,"source":"`); err != nil {
		return early
	}
	return closed(conn)
}

// garbage sends what no TLS begins with.
func (a *attacker) garbage(nc net.Conn) verdict {
	if _, err := io.WriteString(nc, strings.Repeat("\x00\xff\x17garbage", 1000)); err != nil {
		return expected // it was closed before the end
	}
	return closed(nc)
}

// junkHTTP sends a request whose header is none.
func (a *attacker) junkHTTP(nc net.Conn) verdict {
	conn := a.tls(nc)
	if conn == nil {
		return early
	}
	if _, err := io.WriteString(conn, "POST /../\x01 HTTP/9.9\r\n:\x00\r\n\r\n"+strings.Repeat("junk", 1000)); err != nil {
		return early
	}
	answer, err := io.ReadAll(io.LimitReader(conn, maxAnswer))
	switch status := string(answer); {
	case strings.HasPrefix(status, "HTTP/1.1 4"), strings.HasPrefix(status, "HTTP/1.1 5"):
		return expected
	case len(answer) > 0, errors.Is(err, os.ErrDeadlineExceeded):
		return allowed
	}
	return early
}

// connect closes at once, with a reset where the system has one: so it takes the simulator no ports.
func (a *attacker) connect(nc net.Conn) verdict {
	if tcp, ok := nc.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	return expected
}

// handshake closes after the handshake.
func (a *attacker) handshake(nc net.Conn) verdict {
	conn := a.tls(nc)
	if conn == nil {
		return early
	}
	conn.Close()
	return expected
}
