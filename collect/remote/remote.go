package remote

import "virgo/collect"

// Options are what the checks need from the program around them. The zero value works.
type Options struct {
	// Proxy gives the URL of the agent's proxy for an address ("host:port"); "" where that is to be reached
	// without one. It is used by remote.http where a check's details say proxy: agent. nil: there is none.
	Proxy func(address string) (string, error)
}

// Types returns the types of checks of this package.
func Types(opt Options) []collect.Type {
	return []collect.Type{httpType(opt.Proxy), tcpType(), pingType(), dnsType()}
}
