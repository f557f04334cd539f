package transport

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"
)

// ErrProxy is returned when the proxy, not the endpoint, is what failed. Such an error is ErrUnreachable
// as well.
var ErrProxy = errors.New("no way through the proxy")

// A ProxyError is returned when the proxy could not be used. It is [ErrUnreachable] and [ErrProxy] to
// errors.Is, and [ErrTLS] where TLS with the proxy failed.
type ProxyError struct {
	// Proxy is its URL without user and password; empty where the URL was not understood.
	Proxy string
	// Reason continues the sentence that begins with "the proxy".
	Reason string
	// Err is the cause; nil where the proxy's own answer is all.
	Err   error
	hint  string
	final bool // the same proxy will say the same again
}

// Error gives the proxy and the reason.
func (e *ProxyError) Error() string {
	if e.Proxy == "" {
		return "the proxy " + e.Reason
	}
	return "the proxy " + e.Proxy + " " + e.Reason
}

// Hint gives the next step; empty where none is known.
func (e *ProxyError) Hint() string { return e.hint }

// Unwrap gives the kinds and the cause.
func (e *ProxyError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrUnreachable, ErrProxy}
	}
	return []error{ErrUnreachable, ErrProxy, e.Err}
}

// checkProxy is the next step where the other side is perhaps no such proxy at all.
const checkProxy = "check the proxy's port and scheme"

// An opener is net.Dialer's DialContext.
type opener func(ctx context.Context, network, address string) (net.Conn, error)

// tunnel opens a connection to address through the proxy, which resolves its name. An HTTPS
// proxy's certificate may also be by one of the own authorities.
func (p Proxy) tunnel(ctx context.Context, open opener, address string, own *x509.CertPool) (net.Conn, error) {
	raw, err := open(ctx, "tcp", p.address)
	if err != nil {
		err = plain(ctx, err)
		return nil, &ProxyError{
			Proxy: p.String(), Reason: "cannot be reached: " + err.Error(), Err: err,
			hint: "check the proxy's address, or say that there is none",
		}
	}
	unwatch := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	conn, err := p.agree(ctx, raw, address, own)
	if !unwatch() && err == nil {
		err = p.broke("no longer matters", context.Cause(ctx))
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

func (p Proxy) agree(ctx context.Context, conn net.Conn, address string, own *x509.CertPool) (net.Conn, error) {
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
	if err != nil && !errors.As(err, &failed) { // the connection's fault, not the proxy's answer
		switch err = plain(ctx, err); {
		case errors.Is(err, context.DeadlineExceeded):
			err = p.broke("gave no answer in time", err)
		case isCut(err):
			err = p.broke("hung up without an answer", err)
		default:
			err = p.broke("gave no answer: "+err.Error(), err)
		}
	}
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		conn = &begun{conn, rest}
	}
	return conn, nil
}

// broke is for what may pass by itself.
func (p Proxy) broke(reason string, err error) error {
	return &ProxyError{Proxy: p.String(), Reason: reason, Err: err, hint: checkProxy}
}

// refused is for what the proxy will say again.
func (p Proxy) refused(hint, format string, args ...any) error {
	return &ProxyError{Proxy: p.String(), Reason: fmt.Sprintf(format, args...), hint: hint, final: true}
}

// A begun connection has bytes that were read together with the proxy's answer, and belong to what comes
// after.
type begun struct {
	net.Conn
	rest []byte
}

// NetConn gives what lies beneath, for [cut].
func (c *begun) NetConn() net.Conn { return c.Conn }

func (c *begun) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
