package transport

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

// ErrProxy is returned when the proxy failed, not the endpoint. Such an error is also
// ErrUnreachable.
var ErrProxy = errors.New("proxy failed")

// A ProxyError is returned when the proxy could not be used. errors.Is finds [ErrUnreachable] and
// [ErrProxy], and [ErrTLS] where TLS with the proxy failed.
type ProxyError struct {
	// Proxy is its URL without user and password; empty where the URL is invalid.
	Proxy string
	// Reason follows "the proxy" in the message.
	Reason string
	// Err is the cause; nil where the proxy answered with an error.
	Err   error
	hint  string
	final bool // another attempt would fail as well
}

// Error returns the proxy and the reason.
func (e *ProxyError) Error() string {
	if e.Proxy == "" {
		return "the proxy " + e.Reason
	}
	return "the proxy " + e.Proxy + " " + e.Reason
}

// Hint returns the next step; empty where none is known.
func (e *ProxyError) Hint() string { return e.hint }

// Unwrap returns the kinds and the cause.
func (e *ProxyError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrUnreachable, ErrProxy}
	}
	return []error{ErrUnreachable, ErrProxy, e.Err}
}

// checkProxy is the hint where the peer may not be such a proxy at all.
const checkProxy = "check the proxy's port and scheme"

// An opener is the function net.Dialer.DialContext.
type opener func(ctx context.Context, network, address string) (net.Conn, error)

// tunnel opens a connection to address through the proxy, which resolves its name. The certificate
// of an HTTPS proxy may also be signed by one of the own authorities.
func (p Proxy) tunnel(ctx context.Context, open opener, address string, own *x509.CertPool) (net.Conn, error) {
	raw, err := open(ctx, "tcp", p.address)
	if err != nil {
		err = shortNetError(ctx, err)
		return nil, &ProxyError{
			Proxy: p.String(), Reason: "cannot be reached: " + err.Error(), Err: err,
			hint: "check the proxy's address, or set it to none",
		}
	}
	unwatch := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	conn, err := p.negotiate(ctx, raw, address, own)
	if !unwatch() && err == nil {
		err = p.interrupted("was given up", context.Cause(ctx))
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

func (p Proxy) negotiate(ctx context.Context, conn net.Conn, address string, own *x509.CertPool) (net.Conn, error) {
	if p.scheme == "https" {
		var err error
		if conn, err = p.secure(ctx, conn, own); err != nil {
			return nil, err
		}
	}
	var rest []byte
	var err error
	if p.scheme == "socks5" {
		err = p.socks(conn, address)
	} else {
		rest, err = p.connect(conn, address)
	}
	var failed *ProxyError
	if err != nil && !errors.As(err, &failed) { // an error of the connection, not the proxy's answer
		switch err = shortNetError(ctx, err); {
		case errors.Is(err, context.DeadlineExceeded):
			err = p.interrupted("gave no answer in time", err)
		case isEOF(err):
			err = p.interrupted("closed the connection without an answer", err)
		default:
			err = p.interrupted("gave no answer: "+err.Error(), err)
		}
	}
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		conn = &prefixedConn{conn, rest}
	}
	return conn, nil
}

// interrupted makes a temporary error.
func (p Proxy) interrupted(reason string, err error) error {
	return &ProxyError{Proxy: p.String(), Reason: reason, Err: err, hint: checkProxy}
}

// refused makes an error that another attempt would get again.
func (p Proxy) refused(hint, format string, args ...any) error {
	return &ProxyError{Proxy: p.String(), Reason: fmt.Sprintf(format, args...), hint: hint, final: true}
}

func (p Proxy) invalidAddress(address string) error {
	return p.refused("check the endpoint's name", "cannot be asked for %q: it is not host:port",
		sanitize(address, maxTypeBytes))
}

// A prefixedConn returns bytes that were read together with the proxy's answer before those of the
// connection.
type prefixedConn struct {
	net.Conn
	rest []byte
}

// NetConn returns the underlying connection, for [cut].
func (c *prefixedConn) NetConn() net.Conn { return c.Conn }

func (c *prefixedConn) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
