package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ErrProxy is returned when the proxy, not the endpoint, is what failed. Such an error is ErrUnreachable
// as well.
var ErrProxy = errors.New("no way through the proxy")

// A Proxy is what stands between this host and the endpoint. Printing it shows neither user nor password.
type Proxy struct {
	scheme         string // "http", "https" or "socks5"
	host, address  string // address is host:port
	user, password string
	login          bool // the URL named a user
}

// defaultPort is that of a proxy whose URL names none, as the schemes have them.
func defaultPort(scheme string) string {
	switch scheme {
	case "https":
		return "443"
	case "socks5":
		return "1080"
	}
	return "80"
}

// ParseProxy reads a proxy's URL: "http://", "https://" (TLS to the proxy) or "socks5://", then
// "user:password@" where it wants them, then host and port. Without a scheme it is http, without a port
// 80, 443 or 1080. "socks5h" is the same as "socks5": the proxy resolves names in both. In user and
// password, a % begins an escape (RFC 3986), and of several "@" the last one ends them.
//
// The error is ErrProxy and repeats nothing of the text, for a password may stand anywhere in one that is
// not understood.
func ParseProxy(text string) (Proxy, error) {
	text = strings.TrimSpace(text)
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = "http", text
	}
	p := Proxy{scheme: strings.ToLower(scheme)}
	switch p.scheme {
	case "http", "https", "socks5":
	case "socks5h":
		p.scheme = "socks5"
	case "socks4", "socks4a", "socks":
		return Proxy{}, badProxy("SOCKS version 4 is not spoken")
	default:
		return Proxy{}, badProxy("its scheme is none of http, https and socks5")
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		user, password, _ := strings.Cut(rest[:i], ":")
		var err, err2 error
		p.user, err = url.PathUnescape(user)
		p.password, err2 = url.PathUnescape(password)
		if err != nil || err2 != nil {
			return Proxy{}, badProxy("in its user or password, a % is followed by no two hexadecimal digits (a % itself is %25)")
		}
		p.login, rest = true, rest[i+1:]
	}
	if strings.ContainsRune(p.user, ':') || strings.ContainsFunc(p.user+p.password, isControl) {
		return Proxy{}, badProxy("its user or password has a character that no proxy takes")
	}
	rest, _, _ = strings.Cut(rest, "/")
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		host, port = rest, defaultPort(p.scheme)
		if inner, ok := strings.CutPrefix(rest, "["); ok && strings.HasSuffix(inner, "]") {
			host = strings.TrimSuffix(inner, "]")
		}
		if strings.ContainsRune(host, ':') && !isAddress(host) {
			return Proxy{}, badProxy("what follows is not host:port")
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return Proxy{}, badProxy("its port is not a number from 1 to 65535")
	}
	if !isHost(host) {
		return Proxy{}, badProxy("it names no host")
	}
	p.host, p.address = host, net.JoinHostPort(host, port)
	return p, nil
}

// String gives the URL without user and password.
func (p Proxy) String() string { return p.scheme + "://" + p.address }

// GoString does the same for %#v.
func (p Proxy) GoString() string { return p.String() }

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// isHost says whether a name can stand in a request without being taken for more than a name.
func isHost(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`/\@?#"<>[]`, r)
	})
}

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

func badProxy(reason string) error {
	return &ProxyError{
		Reason: "cannot be used: its URL is not understood: " + reason,
		hint:   `write it as "http://user:password@host:port", or "none" for no proxy`,
		final:  true,
	}
}

// An opener is net.Dialer's DialContext.
type opener func(ctx context.Context, network, address string) (net.Conn, error)

// tunnel opens a connection to address through the proxy, which resolves its name. trust is the
// endpoint's; of it, an HTTPS proxy is checked against the authorities.
func (p Proxy) tunnel(ctx context.Context, open opener, address string, trust *tls.Config) (net.Conn, error) {
	raw, err := open(ctx, "tcp", p.address)
	if err != nil {
		err = plain(ctx, err)
		return nil, &ProxyError{
			Proxy: p.String(), Reason: "cannot be reached: " + err.Error(), Err: err,
			hint: "check the proxy's address, or say that there is none",
		}
	}
	unwatch := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) })
	conn, err := p.agree(ctx, raw, address, trust)
	if !unwatch() && err == nil {
		err = p.broke("no longer matters", context.Cause(ctx))
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}

func (p Proxy) agree(ctx context.Context, conn net.Conn, address string, trust *tls.Config) (net.Conn, error) {
	if p.scheme == "https" {
		var err error
		if conn, err = p.secure(ctx, conn, trust); err != nil {
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
