package policy

import (
	"net/netip"
	"strconv"
	"strings"
)

// A hostValue is a host in the form in which it is compared.
type hostValue struct {
	// text is in lower case, without brackets and without the dot at the end. An address is in
	// netip's form, whatever its notation, IPv4 as IPv4.
	text string
	// addr is the address; invalid for a name.
	addr netip.Addr
	// odd means that it is in no form that is compared: it fits nothing.
	odd bool
}

// parseHost returns the form of a host in which it is compared.
func parseHost(text string) hostValue {
	host := strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inner, "]")
	}
	host = strings.ToLower(host)
	if addr, ok := parseAddress(host); ok {
		return hostValue{text: addr.String(), addr: addr}
	}
	if host != "." { // the root of the DNS
		host = strings.TrimSuffix(host, ".")
	}
	blank := host == "" && text != "" // programs that cut it off connect to this host
	odd := blank || strings.ContainsFunc(host, func(r rune) bool {
		// What is not ASCII would be mapped to other characters before it is resolved.
		return r > '~' || r <= ' ' || strings.ContainsRune(`/\@:?#%[]"'<>|`, r)
	})
	return hostValue{text: host, odd: odd}
}

// parseAddress parses an IP address, also in the notations of inet_aton(3) (0x7f.1, 2130706433, 0177.0.0.1),
// which proxies and other programs understand.
func parseAddress(host string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap(), true
	}
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var v4 uint64
	for i, part := range parts {
		if part == "" || part[0] < '0' || part[0] > '9' || strings.IndexByte(part, '_') >= 0 {
			return netip.Addr{}, false
		}
		n, err := strconv.ParseUint(part, 0, 32) // 0x and a leading 0 as in C
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (5 - len(parts))
		}
		if err != nil || n >= 1<<bits {
			return netip.Addr{}, false
		}
		v4 = v4<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(v4 >> 24), byte(v4 >> 16), byte(v4 >> 8), byte(v4)}), true
}

// matchHost reports whether a pattern matches a host. One of a special address, or with such a name,
// needs a pattern that names it.
func matchHost(p Pattern, host hostValue) bool {
	if host.odd || host.text == "" {
		return host.text == "" && !host.odd && p.matchText("", '.')
	}
	if p.isLiteral() {
		want := parseHost(p.text)
		return !want.odd && want.text == host.text
	}
	if isSpecialHost(host) {
		return false
	}
	if p.kind == glob {
		p.text = strings.TrimSuffix(strings.ToLower(p.text), ".")
	}
	return p.matchText(host.text, '.')
}

// matchDeniedHost is matchHost for a rule that denies.
func matchDeniedHost(p Pattern, host hostValue) bool {
	if p.isLiteral() && parseHost(p.text).text == host.text {
		return true
	}
	return host.odd || p.matchDenied(host.text, '.')
}

// isSpecialHost reports whether a host needs a rule that names it.
func isSpecialHost(host hostValue) bool {
	if host.addr.IsValid() {
		return isSpecial(host.addr)
	}
	return isMetadataName(host.text)
}
