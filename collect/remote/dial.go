package remote

import (
	"context"
	"net"
	"net/netip"
)

// dial connects within the context ("tcp", "udp"), to addresses of the family only.
func dial(ctx context.Context, network string, only family, host, port string) (net.Conn, error) {
	names, done := resolver(ctx)
	defer done()
	d := net.Dialer{Resolver: names}
	return d.DialContext(ctx, network+string(only), net.JoinHostPort(host, port))
}

// resolve gives a host's first address of the family, in the system's order.
func resolve(ctx context.Context, only family, host string) (netip.Addr, error) {
	names, done := resolver(ctx)
	defer done()
	all, err := names.LookupNetIP(ctx, "ip"+string(only), host)
	if err != nil {
		return netip.Addr{}, err
	}
	return all[0].Unmap(), nil
}

// resolver is one whose sockets are closed when the context is done, or by done. Package net's own waits for a silent
// name server to the end of its attempt, 5 s as a rule, when nobody waits for it any more. Where the system resolves
// (macOS, Windows) a lookup cannot be interrupted, and ends by itself after the check.
func resolver(ctx context.Context) (r *net.Resolver, done func()) {
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
