package login

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A Proxy is a reverse proxy that logs people in, and says in a header who asks.
type Proxy struct {
	// Header is its name, such as X-Remote-User.
	Header string
	// From are the addresses that it connects from. From any other the header is refused.
	From []netip.Prefix
	// Role is that of people whom nobody added here; without one they are refused.
	Role watch.Role
}

// ErrBadProxy is returned when a proxy cannot be used as it is described.
var ErrBadProxy = errors.New("no such proxy can be used")

// standardHeaders mean something else, so a proxy cannot name people in them.
var standardHeaders = []string{"Authorization", "Connection", "Content-Length", "Content-Type", "Cookie", "Host", "Origin", "Referer",
	"Transfer-Encoding", "User-Agent", "X-Forwarded-For"}

// NewProxy reads the description of a proxy: a header's name, addresses or prefixes, and a role or "". Error: ErrBadProxy.
func NewProxy(header string, from []string, role string) (*Proxy, error) {
	p := &Proxy{Header: http.CanonicalHeaderKey(header), Role: watch.Role(role)}
	if header == "" || strings.Trim(strings.ToLower(header), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
		slices.Contains(standardHeaders, p.Header) || strings.HasPrefix(p.Header, "Sec-") {
		return nil, fmt.Errorf("%w: %q is no header that could name people", ErrBadProxy, header)
	}
	if len(from) == 0 {
		return nil, fmt.Errorf("%w: the addresses that it connects from are missing", ErrBadProxy)
	}
	for _, text := range from {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			ip, err := netip.ParseAddr(text)
			if err != nil || ip.Zone() != "" {
				return nil, fmt.Errorf("%w: %q is neither an address nor a prefix such as 10.0.0.0/24", ErrBadProxy, text)
			}
			prefix = netip.PrefixFrom(ip, ip.BitLen())
		}
		if prefix.Bits() == 0 {
			return nil, fmt.Errorf("%w: %q is every address, so everybody could be everybody", ErrBadProxy, text)
		}
		p.From = append(p.From, prefix.Masked())
	}
	if role != "" && p.Role.Scopes() == nil {
		return nil, fmt.Errorf("%w: there is no role %q: view, operate or admin", ErrBadProxy, role)
	}
	return p, nil
}

// trusts reports whether the proxy connects from an address.
func (p *Proxy) trusts(remote string) bool {
	ip, err := netip.ParseAddr(remote)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	return slices.ContainsFunc(p.From, func(prefix netip.Prefix) bool { return prefix.Contains(ip) })
}

// isOurs reports whether a request may be by the name that it is for. Where the proxy is on this host, a browser here could be
// led to a name of somebody else's with the address 127.0.0.1 (DNS rebinding), and that page's script may send any header.
// It cannot ask for an address, or for our own name.
func (l *Login) isOurs(r *http.Request) bool {
	if ip, err := netip.ParseAddr(peerOf(r)); err != nil || !ip.Unmap().IsLoopback() {
		return true
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	_, err := netip.ParseAddr(host)
	return err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost") || l.Host != "" && host == strings.ToLower(l.Host)
}

// named returns whom the proxy names.
func (l *Login) named(r *http.Request) (watch.Actor, error) {
	values, peer := r.Header.Values(l.Proxy.Header), peerOf(r)
	switch {
	case len(values) == 0:
		return watch.Actor{}, watch.ErrNoSession
	case !l.Proxy.trusts(peer):
		return watch.Actor{}, &RefusedError{http.StatusBadRequest,
			fmt.Sprintf("a request from %s has the header %s, which only the proxy may send", peer, l.Proxy.Header)}
	case !l.isOurs(r):
		return watch.Actor{}, &RefusedError{http.StatusBadRequest, fmt.Sprintf("the page is not opened as %.100q: serve --web-url says by which name it is", r.Host)}
	case len(values) > 1 || CheckName(values[0]) != nil:
		return watch.Actor{}, &RefusedError{http.StatusBadRequest, fmt.Sprintf("the header %s is not the name of one person", l.Proxy.Header)}
	}
	role := l.Proxy.Role
	p, err := l.People.Person(r.Context(), values[0])
	switch {
	case err == nil && !p.Disabled.IsZero():
		role = ""
	case err == nil:
		role = p.Role
	case !errors.Is(err, watch.ErrNoSuchPerson):
		return watch.Actor{}, err
	}
	if role.Scopes() == nil {
		return watch.Actor{}, &RefusedError{http.StatusForbidden,
			fmt.Sprintf("%s is not among the people of this endpoint: \"virgo-endpoint user add\"", values[0])}
	}
	return watch.Actor{Kind: "proxy", Name: values[0], Remote: l.clientOf(r).String(), Scopes: role.Scopes()}, nil
}
