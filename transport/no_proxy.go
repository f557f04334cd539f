package transport

import (
	"net"
	"net/netip"
	"strings"
)

// ProxySettings say which proxy to use, and for which endpoints none.
type ProxySettings struct {
	// URL as [ParseProxy] reads it; empty, "none" or "direct" for no proxy.
	URL string
	// NoProxy lists what is reached without it, parted by commas or blanks, as NO_PROXY does elsewhere:
	//
	//	*               everything
	//	example.com     that host and those below it; ".example.com" and "*.example.com" mean the same
	//	10.1.2.3, ::1   an address, as the endpoint names it: no name is looked up
	//	10.0.0.0/8      the addresses of a network
	//	host:443        any of the above but a network, for this port alone; [::1]:443
	//
	// Loopback is no exception: it goes through the proxy too where it is not listed.
	NoProxy string
}

// String gives the list alone, so that settings that are printed do not show the proxy's password.
func (s ProxySettings) String() string { return "no proxy for " + s.NoProxy }

// GoString does the same for %#v.
func (s ProxySettings) GoString() string { return s.String() }

// ProxyFor gives what a [Dialer] asks for the proxy of each address; nil where there is none at all.
func ProxyFor(settings ProxySettings) func(address string) (string, error) {
	url := strings.TrimSpace(settings.URL)
	if url == "" || strings.EqualFold(url, "none") || strings.EqualFold(url, "direct") {
		return nil
	}
	return func(address string) (string, error) {
		if reachedWithout(settings.NoProxy, address) {
			return "", nil
		}
		return url, nil
	}
}

func reachedWithout(list, address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	for rule := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }) {
		if matches(rule, host, port) {
			return true
		}
	}
	return false
}

func matches(rule, host, port string) bool {
	if rule == "*" {
		return true
	}
	ip, notIP := parseIP(host)
	if network, err := netip.ParsePrefix(rule); err == nil {
		return notIP == nil && network.Contains(ip)
	}
	if name, only, err := net.SplitHostPort(rule); err == nil {
		if only != port {
			return false
		}
		rule = name
	}
	if other, err := parseIP(strings.Trim(rule, "[]")); err == nil {
		return notIP == nil && other == ip
	}
	rule = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(rule, "*"), "."), "."))
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return notIP != nil && rule != "" && (host == rule || strings.HasSuffix(host, "."+rule))
}

// parseIP reads an address; an IPv4 one that is written as IPv6 is the same as itself.
func parseIP(text string) (netip.Addr, error) {
	ip, err := netip.ParseAddr(text)
	return ip.Unmap().WithZone(""), err
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}
