package policy

import (
	"regexp"
	"slices"
	"strings"

	"virgo/schedule"
)

// Suggest returns the narrowest rule that allows a check: each detail that needs a line is spelled out,
// only passwords and the values of headers are left open, because a rule should show none. ok is false
// if no rule could allow the check, for example because a detail can be read in two ways.
func Suggest(e *Effective) (r Rule, ok bool) {
	r.Type = []Pattern{literal(e.checkType)}
	for i := range e.fields {
		f := &e.fields[i]
		if !f.given && !f.odd || f.role == schedule.Free || f.role == schedule.Match {
			continue
		}
		if f.name == typeKey || f.name == denyKey { // a line of that name is none for a detail
			return r, false
		}
		if slices.ContainsFunc(f.entries, func(h entry) bool { return strings.IndexByte(h.name, '*') >= 0 }) {
			return r, false // a rule's name of a header is a glob
		}
		r.Lines = append(r.Lines, f.suggest())
	}
	trial := Policy{Checks: []Rule{r}}
	for _, name := range e.secrets() {
		trial.Secrets = append(trial.Secrets, SecretRules{Name: name, Allow: []Rule{{Keyword: All}}})
	}
	return r, trial.Decide(e).Allowed
}

// suggest returns a line that matches the value.
func (f *field) suggest() Line {
	l := Line{Name: f.name}
	switch {
	case f.role == schedule.Arguments:
		for _, item := range f.items {
			l.Patterns = append(l.Patterns, literal(item))
		}
		return l
	case f.role == schedule.Headers:
		for _, e := range f.entries {
			l.Entries = append(l.Entries, Line{Name: e.name, Patterns: []Pattern{{text: "any", kind: anything}}})
		}
		return l
	case f.role == schedule.Secret && !strings.HasPrefix(f.text, secretPrefix):
		l.Patterns = []Pattern{{text: "any", kind: anything}}
		return l
	case f.role == schedule.URL, f.role == schedule.Proxy && f.url.scheme != "":
		l.Patterns = []Pattern{f.url.pattern()}
		return l
	}
	l.Patterns = []Pattern{literal(f.text)}
	return l
}

// literal returns the pattern that matches one text only.
func literal(text string) Pattern {
	p, err := ParsePattern(text)
	if err == nil && p.isLiteral() {
		return p
	}
	if p, err = ParsePattern("/" + regexp.QuoteMeta(text) + "/"); err != nil {
		return Pattern{text: text} // it does not match: Suggest finds out
	}
	return p
}

// pattern returns the pattern that matches one URL only, but any name and password of a user in it. A * of
// the endpoint's stands for itself.
func (v urlValue) pattern() Pattern {
	if strings.IndexByte(v.String()+v.socket, '*') >= 0 {
		return literal(v.String())
	}
	v.path = strings.ReplaceAll(v.path, "%", "%25") // a pattern's path is decoded once more
	if v.socket != "" {
		return Pattern{text: unixPrefix + v.socket + ":" + v.path}
	}
	text := v.String()
	if v.hasUser {
		user := "*"
		if strings.Contains(v.user, ":") {
			user = "*:*"
		}
		scheme, rest, _ := strings.Cut(text, "://")
		text = scheme + "://" + user + "@" + rest
	}
	return Pattern{text: text}
}
