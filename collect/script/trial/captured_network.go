package trial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"virgo/collect/script"
)

// A conversation is what a server says: turns in order, each after what the script sends. An empty
// text to be sent is a greeting; a server that closes says nothing more after the last turn.
type conversation struct {
	turns       []turn
	any         string              // answer to whatever is sent, if there are no turns
	certificate []*x509.Certificate // what the server shows where TLS is asked for
}

type turn struct{ sent, answer string }

type network struct{ *Captured }

// Dial answers without a connection. What was captured of TLS is the certificate alone: whether it
// is to be trusted is not decided here.
func (n network) Dial(_ context.Context, c script.Connection) (net.Conn, error) {
	key := c.Network + " " + net.JoinHostPort(c.Host, c.Port)
	if c.Network == "unix" {
		key = "unix " + c.Path
	}
	talk, ok := n.network[key]
	if !ok {
		return nil, n.missing(fmt.Sprintf("connection %q", key))
	}
	if talk == nil {
		return nil, fmt.Errorf("%s: %w", strings.TrimPrefix(key, c.Network+" "), syscall.ECONNREFUSED)
	}
	conn := &conn{captured: n.Captured, key: key, left: slices.Clone(talk.turns), any: talk.any}
	if len(talk.turns) == 0 {
		conn.left = []turn{{"", ""}}
	}
	conn.greet()
	if c.TLS != nil && len(talk.certificate) > 0 {
		return &secureConn{conn, talk.certificate}, nil
	}
	return conn, nil
}

// A secureConn is a captured connection with TLS.
type secureConn struct {
	*conn
	certificates []*x509.Certificate
}

// ConnectionState returns the captured certificates.
func (c *secureConn) ConnectionState() tls.ConnectionState {
	return tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, PeerCertificates: c.certificates}
}

func (n network) Resolve(_ context.Context, name, recordType string) ([]string, error) {
	key := name + " " + recordType
	records, ok := n.names[key]
	if !ok {
		return nil, n.missing(fmt.Sprintf("records of the name %q", key))
	}
	if records == nil {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return records, nil
}

// A conn is the script's end of a captured connection.
type conn struct {
	captured *Captured
	key      string
	any      string

	mu     sync.Mutex
	left   []turn
	sent   string
	answer string
	closed bool
}

// greet gives what the server says unasked.
func (c *conn) greet() {
	for len(c.left) > 0 && c.left[0].sent == "" && c.any == "" {
		c.answer += c.left[0].answer
		c.left = c.left[1:]
	}
}

func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return 0, net.ErrClosed
	case c.any != "":
		c.answer, c.any = c.answer+c.any, ""
		c.left = nil
		return len(b), nil
	}
	c.sent += string(b)
	if len(c.left) == 0 || !strings.HasPrefix(c.left[0].sent, c.sent) && !strings.HasPrefix(c.sent, c.left[0].sent) {
		return 0, c.captured.missing(fmt.Sprintf("answer of %q to %q", c.key, c.sent))
	}
	if rest, ok := strings.CutPrefix(c.sent, c.left[0].sent); ok {
		c.answer += c.left[0].answer
		c.left, c.sent = c.left[1:], rest
		c.greet()
	}
	return len(b), nil
}

func (c *conn) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return 0, net.ErrClosed
	case c.answer == "" && c.sent != "":
		return 0, c.captured.missing(fmt.Sprintf("answer of %q to %q", c.key, c.sent))
	case c.answer == "":
		return 0, io.EOF
	}
	n := copy(b, c.answer)
	c.answer = c.answer[n:]
	return n, nil
}

func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errors.New("closed twice")
	}
	c.closed = true
	return nil
}

func (c *conn) LocalAddr() net.Addr              { return &net.UnixAddr{Name: "captured", Net: "unix"} }
func (c *conn) RemoteAddr() net.Addr             { return &net.UnixAddr{Name: c.key, Net: "unix"} }
func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
