package remote

import "virgo/collect"

// Options are the settings of the checks. The zero value works.
type Options struct {
	// Proxy returns the URL of the agent's proxy for an address ("host:port"); "" if the address
	// needs none. remote.http uses it for the detail "proxy: agent". nil: there is no proxy.
	Proxy func(address string) (string, error)
}

// Types returns the check types of this package.
func Types(opt Options) []collect.Type {
	return []collect.Type{httpType(opt.Proxy), tcpType(), pingType(), dnsType()}
}
