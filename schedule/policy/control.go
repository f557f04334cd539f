package policy

import (
	"context"
	"net/netip"
	"strings"
	"syscall"
)

// Control returns a function for net.Dialer.ControlContext: it is called with each address that a
// connection is tried to, after the name was resolved and before anything is sent. host is as for
// [Guard.Dial]. It is nil for a nil Guard, so that the owner's own checks pay nothing.
func (g *Guard) Control(host string) func(ctx context.Context, network, address string, _ syscall.RawConn) error {
	if g == nil {
		return nil
	}
	return func(_ context.Context, network, address string, _ syscall.RawConn) error {
		if strings.HasPrefix(network, "unix") {
			return g.Unix(address)
		}
		addr, err := netip.ParseAddrPort(address)
		if err != nil {
			return &RefusedError{Type: g.checkType(), Field: network, Value: address}
		}
		return g.Dial(network, host, addr)
	}
}
