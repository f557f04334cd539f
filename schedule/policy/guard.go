package policy

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"virgo/schedule"
)

// A Guard decides at the moment of use whether a check of an endpoint may go on. It is bound to the rule
// that allowed the check, and to those of the secrets that the check has. A nil Guard belongs to a check
// of the owner's own, or of a rule that leaves nothing to decide, and allows everything. It is safe for
// concurrent use. The zero value allows nothing.
type Guard struct {
	check *Effective
	// bounds are the rules that must all allow what is used.
	bounds []bound
}

// A bound is a rule that allowed the check, with the rules before it that deny.
type bound struct {
	deny  []Rule
	allow Rule
}

// Guard returns the guard of an endpoint's check that is about to run, which decides on it once more.
// Error: *[RefusedError].
func (p *Policy) Guard(c *schedule.Check, d schedule.Definition) (*Guard, error) {
	e := NewEffective(c, d)
	v := p.Decide(e)
	if !v.Allowed {
		return nil, v.Refusal
	}
	g := &Guard{check: e}
	g.bind(p.Checks, v.Rule)
	for _, name := range e.secrets() {
		if rule, ok := p.secretRule(name, e); ok {
			g.bind(p.secretRules(name), rule)
		}
	}
	if len(g.bounds) == 0 {
		return nil, nil
	}
	return g, nil
}

// checkType returns the type of the check; empty for the zero value.
func (g *Guard) checkType() string {
	if g.check == nil {
		return ""
	}
	return g.check.checkType
}

func (g *Guard) fields() []field {
	if g.check == nil {
		return nil
	}
	return g.check.fields
}

// bind adds a rule, unless it leaves nothing to decide.
func (g *Guard) bind(rules []Rule, at int) {
	b := bound{allow: rules[at]}
	for _, r := range rules[:at] {
		if r.Deny && r.appliesTo(g.check.checkType) {
			b.deny = append(b.deny, r)
		}
	}
	if b.allow.Keyword == "" || b.allow.Keyword == Scripts || len(b.deny) > 0 {
		g.bounds = append(g.bounds, b)
	}
}

// Path decides on a file that is about to be opened: its path after cleaning and with links resolved,
// each match of a glob by itself. Of a plugin it is the path below the plugin folder, with slashes. It is
// not called for a file that an option file of this host names. Error: *[RefusedError].
func (g *Guard) Path(path string) error {
	if g == nil {
		return nil
	}
	return g.decide(path, schedule.Path, schedule.Credentials, schedule.Program)
}

// Unix decides on a Unix socket, or a named pipe, that is about to be connected to. It is not called for
// one that an option file of this host names. Error: *[RefusedError].
func (g *Guard) Unix(path string) error {
	if g == nil {
		return nil
	}
	for i := range g.fields() {
		if f := &g.check.fields[i]; f.role == schedule.URL && f.url.socket != "" {
			if cleanPath(f.url.socket) == cleanPath(path) {
				return nil // the rule has allowed the URL
			}
			return &RefusedError{Type: g.check.checkType, Field: f.name, Value: path}
		}
	}
	value := cleanPath(path)
	for i := range g.fields() {
		// PostgreSQL's socket may be named by its folder.
		if f := &g.check.fields[i]; f.role == schedule.Socket && strings.HasPrefix(value, f.text+"/.s.PGSQL.") {
			value = f.text
		}
	}
	return g.decide(value, schedule.Socket)
}

// URL decides on the URL of a request: the first one, and that of each redirect. Error:
// *[RefusedError].
func (g *Guard) URL(u *url.URL) error {
	if g == nil {
		return nil
	}
	return g.decide(u.String(), schedule.URL)
}

// decide decides on a value in place of that of each detail with one of the roles: each bound must allow
// it for one of them, and deny it for none.
func (g *Guard) decide(value string, roles ...schedule.Role) error {
	refusal := &RefusedError{Type: g.checkType(), Value: value}
	if len(g.bounds) == 0 {
		refusal.Field = string(roles[0])
		return refusal
	}
	for _, b := range g.bounds {
		allowed := false
		for i := range g.check.fields {
			f := g.check.fields[i]
			if !slices.Contains(roles, f.role) || f.text == "" {
				continue
			}
			f.setText(value)
			if refusal.Field == "" {
				refusal.Field = f.name
				if f.role == schedule.URL {
					refusal.Value = f.url.shown()
				}
			}
			if b.denies(g.check.with(i, f)) {
				return refusal
			}
			l := b.allow.line(f.name)
			allowed = allowed || b.allow.Keyword != "" && b.allow.Keyword != Scripts || l != nil && l.allows(&f) ||
				l == nil && f.text == g.check.fields[i].text // a default
		}
		if !allowed {
			return refusal
		}
	}
	return nil
}

func (b *bound) denies(e *Effective) bool {
	return slices.ContainsFunc(b.deny, func(r Rule) bool { return r.denies(e) })
}

// with returns the check with another field at a place.
func (e *Effective) with(at int, f field) *Effective {
	other := *e
	other.fields = slices.Clone(e.fields)
	other.fields[at] = f
	return &other
}

// Dial decides on a connection or datagram: host is the host as the check, or the URL that was just
// allowed, names it, addr the address that it resolved to. It is called for each address that is tried,
// but not for the agent's own proxy, nor for the name servers of this host, nor for a server that an
// option file of this host names. Error: *[RefusedError].
func (g *Guard) Dial(network, host string, addr netip.AddrPort) error {
	if g == nil {
		return nil
	}
	name, ip := parseHost(host), addr.Addr().Unmap()
	// A name that leads to this host itself reaches what listens for nobody else.
	inward := (ip.IsLoopback() || ip.IsUnspecified()) && !name.addr.IsValid() && name.text != "localhost"
	if len(g.bounds) == 0 {
		return &RefusedError{Type: g.checkType(), Field: network, Value: addr.String()}
	}
	for _, b := range g.bounds {
		refusal := &RefusedError{Type: g.check.checkType, Field: network, Value: addr.String()}
		named, reaches, local := false, false, false
		for i := range g.check.fields {
			f := g.check.fields[i]
			l := b.allow.line(f.name)
			if !f.isDestination() {
				continue
			}
			if slices.ContainsFunc(hostsAt(ip), func(h hostValue) bool { return b.denies(g.check.with(i, f.at(h))) }) {
				return refusal
			}
			same := f.destination() == name.text
			reaches = reaches || same || l != nil && f.url.scheme != "" && l.reaches(name)
			if inward {
				at := f.at(hostsAt(ip)[0])
				local = local || l != nil && (l.spells(&f, name) || l.allows(&at))
			}
			if l != nil && l.names(&f, ip) {
				named = named || f.role != schedule.URL || name.addr == ip
			}
		}
		switch {
		case b.allow.Keyword == All:
		case isSpecial(ip) && !named, inward && !local, !reaches || name.odd:
			return refusal
		}
	}
	return nil
}

// isDestination reports whether a field names a host that is connected to.
func (f *field) isDestination() bool {
	switch f.role {
	case schedule.Host, schedule.Address:
		return f.text != ""
	case schedule.URL:
		return f.url.socket == "" && f.url.scheme != ""
	case schedule.Proxy:
		return f.url.scheme != ""
	}
	return false
}

// destination returns the host that a field names.
func (f *field) destination() string {
	if f.role == schedule.URL || f.role == schedule.Proxy {
		return f.url.host.text
	}
	return f.host.text
}

// hostsAt returns the hosts by which a rule that denies can mean an address: itself, and this host where
// it leads there, as the unspecified address does in the kernel.
func hostsAt(ip netip.Addr) []hostValue {
	all := []hostValue{{text: ip.WithZone("").String(), addr: ip}}
	if ip.IsUnspecified() {
		all = append(all, parseHost("127.0.0.1"), parseHost("::1"))
	}
	if ip.IsUnspecified() || ip.IsLoopback() {
		all = append(all, parseHost("localhost"))
	}
	return all
}

// at returns a destination with another host, which its name resolved to.
func (f field) at(host hostValue) field {
	if f.role == schedule.URL || f.role == schedule.Proxy {
		f.url.host = host
		return f
	}
	f.host, f.text = host, host.text
	return f
}

// reaches reports whether a line for URLs has a pattern for a host.
func (l *Line) reaches(host hostValue) bool {
	return matchesAny(l.Patterns, func(p Pattern) bool {
		if p.kind != glob {
			return !isSpecialHost(host) // the whole URL was compared
		}
		want, ok := splitURLPattern(p.text)
		return ok && matchHost(Pattern{text: want.host}, host)
	})
}

// spells reports whether a line spells out a host's name, so that the owner has decided where it leads.
func (l *Line) spells(f *field, name hostValue) bool {
	return matchesAny(l.Patterns, func(p Pattern) bool {
		if p.kind != glob {
			return false
		}
		host := p.text
		switch f.role {
		case schedule.URL, schedule.Proxy:
			want, ok := splitURLPattern(p.text)
			if !ok {
				return false
			}
			host = want.host
		case schedule.Address:
			if h, _, err := net.SplitHostPort(p.text); err == nil {
				host = h
			}
		}
		return strings.IndexByte(host, '*') < 0 && parseHost(host).text == name.text
	})
}

// names reports whether a line names an address itself.
func (l *Line) names(f *field, ip netip.Addr) bool {
	return matchesAny(l.Patterns, func(p Pattern) bool {
		if !p.isLiteral() && f.role != schedule.URL && f.role != schedule.Proxy {
			return false
		}
		host := p.text
		if f.role == schedule.URL || f.role == schedule.Proxy {
			want, ok := splitURLPattern(p.text)
			if !ok || strings.IndexByte(want.host, '*') >= 0 {
				return false
			}
			host = want.host
		}
		named := parseHost(host).addr
		return named.IsValid() && (named == ip || named == ip.WithZone(""))
	})
}
