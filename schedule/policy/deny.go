package policy

import (
	"slices"
	"strings"

	"virgo/schedule"
)

// denies reports whether a rule that denies fits: each of its lines matches a detail that is there,
// whatever else the check has. In a rule for types that it names one by one, a line for a detail that a
// type does not have is a mistake, and fits: what the owner meant to forbid must not pass.
func (r *Rule) denies(e *Effective) bool {
	for i := range r.Lines {
		f := e.field(r.Lines[i].Name)
		if f == nil {
			mistake := r.Lines[i].Name != aliasField && !slices.ContainsFunc(r.Type, func(p Pattern) bool { return !p.isLiteral() })
			if !mistake {
				return false
			}
			continue
		}
		if !r.Lines[i].denied(f) {
			return false
		}
	}
	return true
}

func (l *Line) denied(f *field) bool {
	switch {
	case f.odd:
		return true
	case f.role == schedule.Arguments:
		return l.deniedArguments(f.items)
	case l.Entries != nil:
		return slices.ContainsFunc(f.entries, l.deniedEntry)
	case f.text == "":
		return false
	}
	return matchesAny(l.Patterns, f.matchesDenied)
}

// deniedArguments reports whether the arguments begin with what the patterns match: what follows must
// not let them pass.
func (l *Line) deniedArguments(items []string) bool {
	if len(items) < len(l.Patterns) || len(items) == 0 {
		return false
	}
	for i, p := range l.Patterns {
		if !p.matchDenied(items[i], '/') {
			return false
		}
	}
	return true
}

func (l *Line) deniedEntry(e entry) bool {
	return slices.ContainsFunc(l.Entries, func(wanted Line) bool {
		return Pattern{text: wanted.Name}.matchDenied(e.name, 0) &&
			matchesAny(wanted.Patterns, func(p Pattern) bool { return p.matchDenied(e.value, '/') })
	})
}

// matchesDenied reports whether a pattern of a rule that denies matches the value.
func (f *field) matchesDenied(p Pattern) bool {
	switch f.role {
	case schedule.Host, schedule.DomainName:
		return matchDeniedHost(p, f.host)
	case schedule.Address:
		host := f.host
		return matchDeniedHost(p, host) || p.matchDenied(f.text, '.')
	case schedule.URL:
		return matchDeniedURL(p, f.url)
	case schedule.Proxy:
		return f.text == "agent" && p.matchDenied(f.text, '/') || f.text != "agent" && matchDeniedURL(p, f.url)
	case schedule.Path, schedule.Credentials, schedule.Socket:
		if p.kind == glob {
			p.text = cleanPath(p.text)
		}
	case schedule.Instance:
		return p.matchDenied(f.text, '\\') || p.matchDenied(strings.TrimPrefix(f.text, "tcp:"), '\\')
	}
	return p.matchDenied(f.text, '/')
}
