package remote

import (
	"context"
	"net"
	"net/netip"

	"virgo/schedule/policy"
)

// dial connects by "tcp" or "udp" to an address of the family that the guard allows.
func dial(ctx context.Context, g *policy.Guard, network string, only family, host, port string) (net.Conn, error) {
	r, done := newResolver(ctx)
	defer done()
	d := net.Dialer{Resolver: r, ControlContext: g.Control(host)}
	return d.DialContext(ctx, network+string(only), net.JoinHostPort(host, port))
}

// resolve returns a host's first address of the family, in the system's order.
func resolve(ctx context.Context, only family, host string) (netip.Addr, error) {
	r, done := newResolver(ctx)
	defer done()
	all, err := r.LookupNetIP(ctx, "ip"+string(only), host)
	if err != nil {
		return netip.Addr{}, err
	}
	return all[0].Unmap(), nil
}

// newResolver returns a resolver whose sockets are closed when the context is done, or by done.
// Package net's default resolver waits to the end of its attempt for a silent name server, usually
// 5 s. Where the operating system resolves (macOS, Windows), a lookup cannot be interrupted, and
// may end after the check.
func newResolver(ctx context.Context) (r *net.Resolver, done func()) {
	ctx, done = context.WithCancel(ctx)
	return &net.Resolver{Dial: func(_ context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}}, done
}
