package server

import (
	"net"
	"net/netip"
)

// ipv6Site is the part of an IPv6 address that counts as one peer: whoever has a /64 has all of its
// addresses (RFC 6177).
const ipv6Site = 64

// prefixOf returns what counts as one address: an IPv4 address, or the /64 of an IPv6 address. It is the
// zero Prefix for a connection without an IP address, all of which count as one.
func prefixOf(nc net.Conn) netip.Prefix {
	tcp, ok := nc.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
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
