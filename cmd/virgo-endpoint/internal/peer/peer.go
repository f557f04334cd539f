// Package peer says what counts as one peer of a connection, for bounds by address: whoever has an IPv4 address has one, but
// whoever has an IPv6 address has all of its /64 (RFC 6177).
package peer

import (
	"net"
	"net/netip"
)

// ipv6Site is the part of an IPv6 address that counts.
const ipv6Site = 64

// Of returns what counts as one peer with an address. It is the zero Prefix for the zero Addr.
func Of(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = ipv6Site
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// OfConn is the same for a connection. It is the zero Prefix for one without an IP address, all of which count as one.
func OfConn(nc net.Conn) netip.Prefix {
	tcp, ok := nc.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	return Of(tcp.AddrPort().Addr())
}
