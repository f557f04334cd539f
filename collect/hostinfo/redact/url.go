package redact

import "strings"

// urlAt returns where a URL's scheme begins in a word, and where what follows :// does; ok is false if
// there is none. Encoded ones count: https%3A%2F%2F.
func urlAt(w string) (scheme, rest int, ok bool) {
	mark, n := strings.Index(w, "://"), 3
	if mark < 0 {
		mark, n = strings.Index(strings.ToLower(w), "%3a%2f%2f"), 9
	}
	if mark <= 0 {
		return 0, 0, false
	}
	scheme = mark
	for scheme > 0 && isSchemeByte(w[scheme-1]) {
		scheme--
	}
	return scheme, mark + n, scheme < mark
}

func isSchemeByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'
}

// shortURL returns the scheme and the host of a URL, and "…" for what is left out of a path and a
// query: a path may be a capability (a webhook, a signed address). rest is what follows ://. A host
// that does not look like one is left out as well.
func shortURL(scheme, rest string) string {
	end := strings.IndexAny(rest, "/?#\\\"'<>,;)")
	authority, path := rest, ""
	if end >= 0 {
		authority, path = rest[:end], rest[end:]
	}
	user := ""
	at := strings.LastIndexByte(authority, '@')
	// The password may have such a character in it. What follows a host's colon is a port.
	if _, port, ok := strings.Cut(authority, ":"); at < 0 && ok && !isNumber(port) && !strings.HasPrefix(authority, "[") {
		at = strings.LastIndexByte(rest, '@')
	}
	if at >= 0 {
		user = Mark + "@"
		authority, path = rest[at+1:], ""
		if end = strings.IndexAny(authority, "/?#\\\"'<>,;)"); end >= 0 {
			authority, path = authority[:end], authority[end:]
		}
	}
	if !isHostPort(authority) {
		authority = Mark
	}
	if strings.Trim(path, "/") == "" {
		path = path[:min(1, len(path))]
	} else {
		path = "/" + Omitted
	}
	return scheme + "://" + user + authority + path
}

// isHostPort reports whether a text is the name or address of a host, and perhaps a port.
func isHostPort(s string) bool {
	if s == "" {
		return true // file:///etc
	}
	if len(s) > 255 || strings.Trim(s, plainBytes+":[]*$") != "" || looksRandom(s) {
		return false
	}
	return true
}
