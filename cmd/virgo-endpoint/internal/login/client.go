package login

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// A client is where a request comes from.
type client struct {
	// peer is the address of the connection.
	peer string
	// behind is the address that a proxy says it serves; empty if there is none.
	behind string
}

// clientOf returns where a request comes from. Behind a proxy all would have one address, and one who guesses passwords
// would lock everybody out; so what a proxy on this host, or the one that was named, says last in X-Forwarded-For is whom
// attempts are counted for. It decides nothing else: a proxy that does not set the header passes on what a stranger wrote.
func (l *Login) clientOf(r *http.Request) client {
	c := client{peer: peerOf(r)}
	ip, err := netip.ParseAddr(c.peer)
	if err != nil || !ip.Unmap().IsLoopback() && (l.Proxy == nil || !l.Proxy.trusts(c.peer)) {
		return c
	}
	lines := r.Header.Values("X-Forwarded-For")
	if len(lines) == 0 {
		return c
	}
	last := lines[len(lines)-1]
	last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	if ip, err := netip.ParseAddr(last); err == nil && ip.Zone() == "" {
		c.behind = ip.Unmap().String()
	}
	return c
}

// String is the address for a record, with who said it.
func (c client) String() string {
	if c.behind == "" {
		return c.peer
	}
	return c.behind + " by " + c.peer
}

// network is what attempts are counted for: that of the client, or of the proxy that does not tell.
func (c client) network() string {
	if c.behind == "" {
		return network(c.peer)
	}
	return network(c.behind)
}

// peerOf returns the address of a request's connection.
func peerOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
