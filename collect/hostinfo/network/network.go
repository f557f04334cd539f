// Package network reads interfaces, routes, sockets and packet filter rules.
//
// Sources are /proc/net and /proc/PID/fd; the interfaces' addresses come from the net package, and
// their traffic on systems other than Linux from gopsutil. iptables-save is run for the packet
// filter. Without root the processes of other users' sockets are missing, and the packet filter
// cannot be read.
package network

import "virgo/collect/hostinfo/source"

// Types returns the questions about the network.
func Types() []source.Type {
	return []source.Type{
		connectionsType(),
		ip4routesType(),
		ip6routesType(),
		ip6tablesType(),
		iptablesType(),
		networkType(),
		remoteServicesType(),
	}
}
