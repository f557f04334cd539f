package transport

import (
	"net"
	"net/netip"
	"strings"
)

// ProxySettings define which proxy to use, and for which endpoints to use none.
type ProxySettings struct {
	// URL as [ParseProxy] reads it; empty, "none" or "direct" for no proxy.
	URL string
	// NoProxy lists what is reached without the proxy, separated by commas or spaces, as in
	// NO_PROXY:
	//
	//	*               everything
	//	example.com     that host and its subdomains; ".example.com" and "*.example.com" mean the same
	//	10.1.2.3, ::1   an address, where the endpoint is named by it; no name is resolved
	//	10.0.0.0/8      the addresses of a network
	//	host:443        any of the above but a network, for this port only; [::1]:443
	//
	// Loopback is not an exception: it must be listed to be reached without the proxy.
	NoProxy string
}

// String returns the list only, so that printed settings do not show the proxy's password.
func (s ProxySettings) String() string { return "no proxy for " + s.NoProxy }

// GoString does the same for %#v.
func (s ProxySettings) GoString() string { return s.String() }

// ProxyFor returns the Proxy function of a [Dialer]; nil where there is no proxy.
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
	separates := func(r rune) bool { return strings.ContainsRune(", \t\n\r", r) }
	for rule := range strings.FieldsFuncSeq(list, separates) {
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

// parseIP reads an address; an IPv4-mapped IPv6 address is the IPv4 address.
func parseIP(text string) (netip.Addr, error) {
	ip, err := netip.ParseAddr(text)
	return ip.Unmap().WithZone(""), err
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}
