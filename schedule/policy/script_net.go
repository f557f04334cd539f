package policy

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"syscall"

	"virgo/schedule/capability"
)

// Connect decides on a connection (network tcp) or datagram (udp), before the host's name is
// resolved; what it resolves to, Control decides.
func (g *ScriptGuard) Connect(network, host, port string) error {
	kind, ok := kindOfNetwork(network)
	u := endpointUse(kind, host, port)
	n, err := strconv.ParseUint(port, 10, 16)
	if !ok || err != nil || n == 0 || port != strconv.FormatUint(n, 10) || u.host.odd || u.host.text == "" {
		return refuseScript(g.script, u.need(), "which is no host with a port")
	}
	return g.decide(u)
}

func kindOfNetwork(network string) (capability.Kind, bool) {
	switch strings.TrimRight(network, "46") {
	case "tcp":
		return capability.TCP, true
	case "udp":
		return capability.UDP, true
	}
	return "", false
}

// Control returns the function for net.Dialer.ControlContext: it decides on each address that is
// dialled. host is what Connect or URL allowed.
func (g *ScriptGuard) Control(network, host string) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, dialled, address string, _ syscall.RawConn) error {
		if strings.HasPrefix(dialled, "unix") {
			return g.Unix(address)
		}
		kind, ok := kindOfNetwork(dialled)
		addr, err := netip.ParseAddrPort(address)
		if wanted, _ := kindOfNetwork(network); !ok || err != nil || kind != wanted {
			return refuseScript(g.script, capability.Need{Kind: kind, Pattern: address}, "")
		}
		return g.dial(kind, parseHost(host), addr)
	}
}

// dial decides on an address that a host resolved to.
func (g *ScriptGuard) dial(kind capability.Kind, name hostValue, addr netip.AddrPort) error {
	ip, port := addr.Addr().Unmap(), strconv.Itoa(int(addr.Port()))
	d := dialled{kind: kind, name: name, port: port, ip: ip}
	need := capability.Need{Kind: kind, Pattern: addr.String()}
	var err error = &UndeclaredError{g.script, need}
	allowed := false
	for _, k := range d.kinds() {
		if g.grants.denies(g.script, k, func(p Pattern) bool { return d.denied(k, p) }) {
			return refuseScript(g.script, need, deniedText)
		}
	}
	for i := range g.declared {
		p := &g.declared[i]
		if !d.allows(p.kind, p.pattern) {
			continue
		}
		if !g.own && !g.grants.grants(g.script, p.kind, func(q Pattern) bool { return d.allows(p.kind, q) }) {
			err = refuseScript(g.script, need, "")
			continue
		}
		if p.choosesHost() {
			if refusal := g.endpoint.Dial(string(kind), name.text, addr); refusal != nil {
				err = refusal
				continue
			}
		}
		allowed = true
		break
	}
	if allowed {
		return nil
	}
	return err
}

// A dialled is an address that is about to be connected to, and the name that it was found by.
type dialled struct {
	kind capability.Kind
	name hostValue
	port string
	ip   netip.Addr
}

// kinds returns the kinds of patterns that can mean the connection.
func (d *dialled) kinds() []capability.Kind {
	if d.kind == capability.TCP {
		return []capability.Kind{capability.TCP, capability.HTTP}
	}
	return []capability.Kind{d.kind}
}

// allows reports whether a pattern allows the address. One that needs a rule that names it must
// be spelled out, and so must a name that leads to this host itself, unless the pattern matches
// the address as well.
func (d *dialled) allows(kind capability.Kind, p Pattern) bool {
	if kind != d.kind && (kind != capability.HTTP || d.kind != capability.TCP) {
		return false
	}
	self := hostValue{text: d.ip.String(), addr: d.ip}
	inward := (d.ip.IsLoopback() || d.ip.IsUnspecified()) && !d.name.addr.IsValid() && d.name.text != "localhost"
	switch {
	case isSpecial(d.ip) || isGroupAddress(d.ip):
		self = hostValue{text: d.ip.WithZone("").String(), addr: d.ip.WithZone("")}
		return spellsHost(kind, p) && reachesHost(kind, p, self, d.port)
	case inward:
		return spellsHost(kind, p) && reachesHost(kind, p, d.name, d.port) || reachesHost(kind, p, self, d.port)
	}
	return reachesHost(kind, p, d.name, d.port)
}

// denied reports whether a pattern that denies matches the name or the address.
func (d *dialled) denied(kind capability.Kind, p Pattern) bool {
	for _, h := range append(hostsAt(d.ip), d.name) {
		if kind != capability.HTTP {
			if deniesEndpoint(p, h, d.port) {
				return true
			}
			continue
		}
		want, ok := splitURLPattern(p.text)
		whole := want.path == "/**" || want.path == "**"
		if p.kind == anything || p.kind == glob && ok && whole && matchDeniedHost(Pattern{text: want.host}, h) &&
			(!want.hasPort || matchPort(want.port, d.port)) {
			return true
		}
	}
	return false
}

// reachesHost reports whether a pattern that allows is for a host and a port.
func reachesHost(kind capability.Kind, p Pattern, host hostValue, port string) bool {
	if kind != capability.HTTP {
		return matchEndpoint(p, host, port)
	}
	if p.kind != glob {
		return !isSpecialHost(host) && !host.odd // the whole URL was compared
	}
	want, ok := splitURLPattern(p.text)
	if !ok || want.socket != "" || !matchHost(Pattern{text: want.host}, host) {
		return false
	}
	if want.hasPort {
		return matchPort(want.port, port)
	}
	usual := defaultPort(want.scheme)
	return usual == port || usual == "" && (port == "80" || port == "443")
}

// spellsHost reports whether a pattern names its host without a *.
func spellsHost(kind capability.Kind, p Pattern) bool {
	if p.kind != glob {
		return false
	}
	if kind != capability.HTTP {
		host, _, ok := cutPort(p.text)
		return ok && strings.IndexByte(host, '*') < 0
	}
	want, ok := splitURLPattern(p.text)
	return ok && strings.IndexByte(want.host, '*') < 0
}
