package transport

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// A Proxy is a parsed proxy URL. Printing it shows neither user nor password.
type Proxy struct {
	scheme         string // "http", "https" or "socks5"
	host, address  string // address is host:port
	user, password string
	login          bool // the URL named a user
}

// defaultPort returns the port of a proxy whose URL has none.
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
// optionally "user:password@", then host and port. Without a scheme it is http, without a port 80,
// 443 or 1080. "socks5h" is the same as "socks5": the proxy resolves names in both. In user and
// password, a % begins an escape (RFC 3986), and the last of several "@" ends them.
//
// The error is ErrProxy and repeats nothing of the text, because a password may be anywhere in an
// invalid one.
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
		return Proxy{}, badProxy("SOCKS 4 is not supported")
	default:
		return Proxy{}, badProxy("its scheme is none of http, https and socks5")
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		user, password, _ := strings.Cut(rest[:i], ":")
		var err, err2 error
		p.user, err = url.PathUnescape(user)
		p.password, err2 = url.PathUnescape(password)
		if err != nil || err2 != nil {
			return Proxy{}, badProxy("in its user or password, a % is not followed by two hexadecimal digits (a % itself is %25)")
		}
		p.login, rest = true, rest[i+1:]
	}
	if strings.ContainsRune(p.user, ':') || strings.ContainsFunc(p.user+p.password, isControl) {
		return Proxy{}, badProxy("its user or password has an invalid character")
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
		return Proxy{}, badProxy("it has no host name")
	}
	p.host, p.address = host, net.JoinHostPort(host, port)
	return p, nil
}

// String returns the URL without user and password.
func (p Proxy) String() string { return p.scheme + "://" + p.address }

// GoString does the same for %#v.
func (p Proxy) GoString() string { return p.String() }

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// isHost reports whether a name can be written into a request without being read as more than a
// name.
func isHost(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`/\@?#"<>[]`, r)
	})
}

func badProxy(reason string) error {
	return &ProxyError{
		Reason: "cannot be used: its URL is invalid: " + reason,
		hint:   `write it as "http://user:password@host:port", or "none" for no proxy`,
		final:  true,
	}
}
