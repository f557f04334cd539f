package policy

import (
	"net/url"
	"path"
	"strings"
)

// A urlValue is a URL in the components in which it is compared.
type urlValue struct {
	scheme string
	user   string // as it was written, with the password; hasUser also where it is empty
	host   hostValue
	port   string // also where the URL names none
	path   string // decoded and clean
	query  string
	// socket is the path of http://unix:/SOCKET:/PATH, whose host is empty.
	socket string

	hasUser, hasQuery, hasFragment bool
	// odd means that it can be read in more than one way, or not at all: it fits nothing.
	odd bool
}

// unixPrefix begins the URL of a page that is asked for over a Unix socket.
const unixPrefix = "http://unix:"

// parseURL returns the components of a URL.
func parseURL(text string) urlValue {
	if rest, ok := strings.CutPrefix(text, unixPrefix); ok {
		socket, page, _ := strings.Cut(rest, ":/")
		v := parseURL("http://localhost/" + page)
		v.socket, v.host, v.port = socket, hostValue{}, ""
		v.odd = v.odd || socket == ""
		return v
	}
	u, err := url.Parse(text)
	if err != nil {
		return urlValue{odd: true}
	}
	v := urlOf(u)
	v.hasFragment = strings.IndexByte(text, '#') >= 0
	return v
}

// urlOf returns the components of a URL that is parsed.
func urlOf(u *url.URL) urlValue {
	v := urlValue{
		scheme: strings.ToLower(u.Scheme), host: parseHost(u.Hostname()), port: u.Port(),
		query: u.RawQuery, hasQuery: u.RawQuery != "" || u.ForceQuery, hasFragment: u.Fragment != "",
	}
	if u.User != nil {
		v.user, v.hasUser = u.User.String(), true
	}
	if v.port == "" {
		v.port = defaultPort(v.scheme)
	}
	v.path = cleanURLPath(u.Path)
	v.odd = u.Opaque != "" || v.host.text == "" || isOddPath(u.Path) || isOddEncoding(u.EscapedPath())
	return v
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	case "socks5", "socks5h":
		return "1080"
	}
	return ""
}

// cleanURLPath returns a path without empty segments; a slash at its end stays.
func cleanURLPath(p string) string {
	clean := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// isOddPath reports whether servers disagree on what a decoded path means: it has . or .. as a segment,
// also before a parameter (..;x) or encoded once more, a backslash, or a control character.
func isOddPath(decoded string) bool {
	for range 4 {
		if strings.ContainsFunc(decoded, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
			return true
		}
		for segment := range strings.SplitSeq(decoded, "/") {
			name, _, _ := strings.Cut(segment, ";")
			if name == "." || name == ".." {
				return true
			}
		}
		again, err := url.PathUnescape(decoded)
		if err != nil || again == decoded {
			return false
		}
		decoded = again
	}
	return true
}

// isOddEncoding reports whether a path has an encoded slash, which some servers decode before they look
// at segments and others do not.
func isOddEncoding(escaped string) bool {
	return strings.Contains(strings.ToLower(escaped), "%2f")
}

// A urlPattern is a pattern for URLs in its components.
type urlPattern struct {
	scheme, user, host, port, path, query string
	socket                                string
	hasUser, hasPort, hasQuery, fragment  bool
}

// splitURLPattern splits a glob for URLs into its components; false if it has no scheme.
func splitURLPattern(text string) (p urlPattern, ok bool) {
	text, _, p.fragment = strings.Cut(text, "#")
	text, p.query, p.hasQuery = strings.Cut(text, "?")
	if rest, isUnix := strings.CutPrefix(text, unixPrefix); isUnix {
		var page string
		p.scheme = "http"
		p.socket, page, _ = strings.Cut(rest, ":/")
		p.path = cleanURLPattern("/" + page)
		return p, true
	}
	var authority string
	if p.scheme, text, ok = strings.Cut(text, "://"); !ok {
		return p, false
	}
	p.scheme = strings.ToLower(p.scheme)
	if at := strings.IndexByte(text, '/'); at >= 0 {
		authority, p.path = text[:at], text[at:]
	} else {
		authority, p.path = text, "/"
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		p.user, authority, p.hasUser = authority[:at], authority[at+1:], true
	}
	p.host = authority
	if at := strings.LastIndexByte(authority, ':'); at >= 0 && strings.IndexByte(authority[at:], ']') < 0 {
		p.host, p.port, p.hasPort = authority[:at], authority[at+1:], true
	}
	p.path = cleanURLPattern(p.path)
	return p, true
}

// cleanURLPattern decodes the path of a pattern as that of a URL is.
func cleanURLPattern(p string) string {
	if decoded, err := url.PathUnescape(p); err == nil {
		return decoded
	}
	return p
}

// matchURL reports whether a pattern matches a URL. Without a port it matches the scheme's own, without
// a query only a URL without, unless its path ends with **. A user or a fragment it must have itself.
func matchURL(p Pattern, v urlValue) bool {
	if v.odd || v.host.odd {
		return false
	}
	if p.kind != glob {
		special := v.hasUser || v.hasFragment || v.socket != "" || isSpecialHost(v.host)
		return !special && p.matchText(v.String(), '/')
	}
	want, ok := splitURLPattern(p.text)
	if !ok || want.socket != v.socket || v.hasFragment && !want.fragment || v.hasUser != want.hasUser {
		return false
	}
	port := want.port
	if !want.hasPort {
		port = defaultPort(v.scheme)
	}
	queryFits := !v.hasQuery && want.query == "" || strings.HasSuffix(want.path, "**") && !want.hasQuery
	if want.hasQuery && !queryFits {
		queryFits = v.hasQuery && matchGlob(want.query, v.query, '&')
	}
	return matchGlob(want.scheme, v.scheme, 0) && queryFits &&
		(!v.hasUser || matchGlob(want.user, v.user, ':')) &&
		(v.socket != "" || matchHost(Pattern{text: want.host}, v.host) && matchPort(port, v.port)) &&
		len(v.path) <= maxValueBytes && matchGlob(want.path, v.path, '/')
}

// matchDeniedURL is matchURL for a rule that denies: a component that the pattern does not name may be
// anything.
func matchDeniedURL(p Pattern, v urlValue) bool {
	if v.odd || v.host.odd || p.kind == anything {
		return true
	}
	if p.kind != glob {
		return p.matchDenied(v.String(), '/')
	}
	want, ok := splitURLPattern(p.text)
	if !ok {
		return true // a mistake must not let anything through
	}
	folded := Pattern{text: want.path}
	return want.socket == v.socket && matchGlob(want.scheme, v.scheme, 0) &&
		(v.socket != "" || matchDeniedHost(Pattern{text: want.host}, v.host)) &&
		(!want.hasPort || v.socket != "" || matchPort(want.port, v.port)) &&
		(!want.hasUser || v.hasUser) &&
		(!want.hasQuery || v.hasQuery && Pattern{text: want.query}.matchDenied(v.query, '&')) &&
		folded.matchDenied(v.path, '/')
}

// matchPort reports whether the port of a pattern, a number, a range or a glob, matches one.
func matchPort(pattern, port string) bool {
	p, err := ParsePattern(pattern)
	return err == nil && p.matchText(port, 0)
}

// String returns the URL as a regular expression sees it: without a default port, and with its path
// decoded.
func (v urlValue) String() string {
	host := v.host.text
	if v.host.addr.Is6() {
		host = "[" + host + "]"
	}
	if v.port != defaultPort(v.scheme) {
		host += ":" + v.port
	}
	text := v.scheme + "://" + host + v.path
	if v.hasQuery {
		text += "?" + v.query
	}
	return text
}

// shown returns the URL for a refusal: without user and query, which may hold secrets.
func (v urlValue) shown() string {
	if v.odd {
		return ""
	}
	if v.socket != "" {
		return unixPrefix + v.socket + ":" + v.path
	}
	v.hasQuery = false
	return v.String()
}
