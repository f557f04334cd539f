package policy

import (
	"net"
	"slices"
	"strings"

	"virgo/schedule"
)

// fits returns whether a rule that allows fits, and if not, the name of the first detail that it does
// not allow. With forSecret, the rule is one of a secret's: of what it does not name, only what decides
// where the secret goes must be the default.
func (r *Rule) fits(e *Effective, forSecret bool) (failing string, ok bool) {
	named := func(name string) bool { return r.line(name) != nil }
	switch r.Keyword {
	case All:
		return "", true
	case Figures:
		free, known := figureDetails(e.checkType)
		if !known {
			return "", false
		}
		named = func(name string) bool { return slices.Contains(free, name) }
	case Scripts:
		if !isScript(e.checkType) {
			return "", false
		}
		named = e.isFreeOfScripts
	}
	for i := range r.Lines {
		if f := e.field(r.Lines[i].Name); !r.Lines[i].allows(f) {
			return r.Lines[i].Name, false
		}
	}
	for i := range e.fields {
		f := &e.fields[i]
		free := f.role == schedule.Free || f.role == schedule.Match || forSecret && !f.steersSecret()
		if f.given && !free && !named(f.name) {
			return f.name, false
		}
	}
	if !r.allowsHostHeader(e) {
		return headersOf(e).name, false
	}
	if f := e.unsafeOptionFile(r); f != nil {
		return f.name, false
	}
	return "", true
}

// steersSecret reports whether a detail decides to whom a secret goes.
func (f *field) steersSecret() bool {
	switch f.role {
	case schedule.Other, schedule.Secret, schedule.Regexp, schedule.Headers:
		return false
	case schedule.Switch:
		return f.text != "true" // tls_verify: false
	}
	return true
}

// unsafeOptionFile returns the detail by which an endpoint would choose where the login of an option file
// goes: one that the rule does not spell out. Rule nil stands for a rule that allows all.
func (e *Effective) unsafeOptionFile(r *Rule) *field {
	if !e.optionFile {
		return nil
	}
	for i := range e.fields {
		f := &e.fields[i]
		steers := f.steersSecret() && f.role != schedule.Free && f.role != schedule.Match && f.role != schedule.Credentials
		if !f.given || !steers || r.Keyword == All && f.isLocal() {
			continue
		}
		l := r.line(f.name)
		if l == nil || !matchesAny(l.Patterns, func(p Pattern) bool { return p.isLiteral() && f.matches(p) }) {
			return f
		}
	}
	return nil
}

// isLocal reports whether a destination is this host.
func (f *field) isLocal() bool {
	switch f.role {
	case schedule.Host:
		return f.host.text == "localhost" || f.host.addr.IsValid() && f.host.addr.IsLoopback()
	case schedule.Port, schedule.Socket:
		return true
	}
	return false
}

// allows reports whether the line of a rule that allows matches a field, which may be nil.
func (l *Line) allows(f *field) bool {
	if f == nil {
		return l.Entries == nil && matchesAny(l.Patterns, func(p Pattern) bool { return p.matchText("", 0) })
	}
	switch {
	case f.odd:
		return false
	case f.role == schedule.Arguments:
		return l.allowsArguments(f.items)
	case l.Entries != nil:
		return f.role == schedule.Headers && !slices.ContainsFunc(f.entries, func(e entry) bool { return !l.allowsEntry(e) })
	}
	return matchesAny(l.Patterns, f.matches)
}

// allowsArguments compares each argument with the pattern at its place.
func (l *Line) allowsArguments(items []string) bool {
	if len(l.Patterns) == 1 && l.Patterns[0].kind == anything && !l.Rest && len(items) == 0 {
		return true // args: any, of a check that has none
	}
	if len(items) < len(l.Patterns) || len(items) > len(l.Patterns) && !l.Rest {
		return false
	}
	for i, p := range l.Patterns {
		if !p.matchText(items[i], '/') {
			return false
		}
	}
	return true
}

func (l *Line) allowsEntry(e entry) bool {
	return slices.ContainsFunc(l.Entries, func(wanted Line) bool {
		name := Pattern{text: strings.ToLower(wanted.Name)}
		return name.matchText(strings.ToLower(e.name), 0) &&
			matchesAny(wanted.Patterns, func(p Pattern) bool { return p.matchText(e.value, '/') })
	})
}

// matches reports whether a pattern of a rule that allows matches the value.
func (f *field) matches(p Pattern) bool {
	if f.odd {
		return false
	}
	switch f.role {
	case schedule.Host, schedule.DomainName:
		return matchHost(p, f.host)
	case schedule.Address:
		return f.matchesAddress(p)
	case schedule.URL:
		return f.text == "" && p.matchText("", '/') || f.text != "" && matchURL(p, f.url)
	case schedule.Proxy:
		if f.text == "" || f.text == "agent" {
			return p.matchText(f.text, '/')
		}
		return matchURL(p, f.url)
	case schedule.Socket:
		return f.text == "" && p.matchText("", '/') || p.isLiteral() && cleanPath(p.text) == f.text
	case schedule.Instance:
		return f.matchesInstance(p)
	case schedule.Path, schedule.Credentials:
		if isUNC(f.text) {
			return p.isLiteral() && cleanPath(p.text) == f.text
		}
		return f.matchesPath(p)
	}
	return p.matchText(f.text, '/')
}

// matchesPath compares clean paths.
func (f *field) matchesPath(p Pattern) bool {
	if p.kind == glob {
		if f.text == "" {
			return p.matchText("", '/')
		}
		p.text = cleanPath(p.text)
	}
	return p.matchText(f.text, '/')
}

// matchesAddress compares a host with a port: a pattern without a port is for port 53.
func (f *field) matchesAddress(p Pattern) bool {
	if f.text == "" || p.kind != glob {
		return p.matchText(f.text, '.') && !isSpecialHost(f.host)
	}
	want := field{role: schedule.Address}
	want.setAddress(p.text)
	host, _, err := net.SplitHostPort(p.text)
	if err != nil {
		host = p.text
	}
	port := func(s string) string {
		if s == "" {
			return "53"
		}
		return s
	}
	return matchHost(Pattern{text: host}, f.host) && matchPort(port(want.port), port(f.port))
}

// matchesInstance compares an instance of SQL Server. One that names a pipe or another host's special
// address must be spelled out, since no address is compared when it is dialled.
func (f *field) matchesInstance(p Pattern) bool {
	if p.isLiteral() {
		return strings.EqualFold(p.text, f.text)
	}
	text := strings.ToLower(f.text)
	if i := strings.IndexByte(text, ':'); i >= 0 {
		text = text[i+1:] // tcp:, np:, lpc:
	}
	host := parseHost(text[:strings.IndexAny(text+`\`, `\,`)])
	if strings.Contains(f.text, `\\`) || strings.Contains(f.text, "//") || isSpecialHost(host) {
		return false
	}
	return p.matchText(f.text, '\\')
}

// headersOf returns the field of the headers; nil if the check has none.
func headersOf(e *Effective) *field {
	for i := range e.fields {
		if e.fields[i].role == schedule.Headers && e.fields[i].entries != nil {
			return &e.fields[i]
		}
	}
	return nil
}

// allowsHostHeader reports whether the URL is allowed with the host that a header names, too: it decides
// which site of a server answers.
func (r *Rule) allowsHostHeader(e *Effective) bool {
	headers := headersOf(e)
	if headers == nil || r.Keyword == All {
		return true
	}
	for _, h := range headers.entries {
		if !strings.EqualFold(strings.TrimSpace(h.name), "Host") {
			continue
		}
		for i := range e.fields {
			f := &e.fields[i]
			if f.role != schedule.URL || f.url.socket != "" {
				continue
			}
			other := urlOfHost(f.url, h.value)
			if other.host.text == f.url.host.text && other.port == f.url.port {
				continue
			}
			l := r.line(f.name)
			if l == nil || !matchesAny(l.Patterns, func(p Pattern) bool { return matchURL(p, other) }) {
				return false
			}
		}
	}
	return true
}

// urlOfHost returns a URL with another host, which may have a port.
func urlOfHost(u urlValue, host string) urlValue {
	other := parseURL(u.scheme + "://" + host + "/")
	other.path, other.query, other.hasQuery = u.path, u.query, u.hasQuery
	return other
}
