package policy

import (
	"net/netip"
	"net/url"
)

// A Guard decides at the moment of use whether a check of an endpoint may go on. It is bound to the rule
// that allowed the check. A nil Guard belongs to a check of the owner's own, and allows everything. It is
// safe for concurrent use.
type Guard struct {
	checkType string
}

// Path decides on a file that is about to be opened: its path after cleaning and with links resolved,
// each match of a glob by itself. Of a plugin it is the path below the plugin folder, with slashes.
// Error: *[RefusedError].
func (g *Guard) Path(path string) error {
	if g == nil {
		return nil
	}
	return &RefusedError{Type: g.checkType, Field: "file", Value: path}
}

// URL decides on the URL of a request: the first one, and that of each redirect. Error:
// *[RefusedError].
func (g *Guard) URL(u *url.URL) error {
	if g == nil {
		return nil
	}
	return &RefusedError{Type: g.checkType, Field: "url", Value: u.Redacted()}
}

// Dial decides on a connection or datagram: host is the host as the check, or the URL that was just
// allowed, names it, addr the address that it resolved to. It is called for each address that is tried.
// Error: *[RefusedError].
func (g *Guard) Dial(network, host string, addr netip.AddrPort) error {
	if g == nil {
		return nil
	}
	return &RefusedError{Type: g.checkType, Field: network, Value: addr.String()}
}

// Unix decides on a Unix socket, or a named pipe, that is about to be connected to. Error:
// *[RefusedError].
func (g *Guard) Unix(path string) error {
	if g == nil {
		return nil
	}
	return &RefusedError{Type: g.checkType, Field: "socket", Value: path}
}
