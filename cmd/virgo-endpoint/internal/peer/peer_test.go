package peer

import (
	"net"
	"net/netip"
	"testing"
)

type addressedConn struct {
	net.Conn
	remote net.Addr
}

func (c addressedConn) RemoteAddr() net.Addr { return c.remote }

func TestOf(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1":        "192.0.2.1/32",
		"::ffff:192.0.2.1": "192.0.2.1/32",
		"2001:db8:1:2:3::": "2001:db8:1:2::/64",
		"2001:db8:1:2::9":  "2001:db8:1:2::/64",
		"fe80::1":          "fe80::/64",
	} {
		c := addressedConn{remote: &net.TCPAddr{IP: net.ParseIP(remote), Zone: ""}}
		if got := OfConn(c); got.String() != want {
			t.Errorf("%s counts as %v, want %s", remote, got, want)
		}
	}
	if got := Of(netip.MustParseAddr("fe80::1%eth0")); got.String() != "fe80::/64" {
		t.Errorf("with a zone: %v", got)
	}
	pipe, _ := net.Pipe()
	if got := OfConn(pipe); got != (netip.Prefix{}) {
		t.Errorf("a pipe counts as %v", got)
	}
}
