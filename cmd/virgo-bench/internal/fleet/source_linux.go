package fleet

import "net"

// sourceOf returns the address that a host connects from: each has its own, as in a fleet, because an endpoint
// bounds what one address may do.
func sourceOf(i int) net.Addr {
	i++ // 127.1.0.1 is the first
	return &net.TCPAddr{IP: net.IPv4(127, byte(1+i>>16%250), byte(i>>8), byte(i))}
}

// hostileSourceOf returns the n-th address of a kind of attack, which no host has.
func hostileSourceOf(kind, n int) net.Addr {
	return &net.TCPAddr{IP: net.IPv4(127, 254, byte(kind), byte(1+n))}
}
