package redact

import (
	"slices"
	"strings"
)

func isNameCharacter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-'
}

// redactNamed removes the values of names that mean a secret.
func (r *redactor) redactNamed(s string) string {
	var b strings.Builder
	copied := 0 // bytes of s that are in b
	for i := 0; i < len(s); {
		if !isNameCharacter(s[i]) {
			i++
			continue
		}
		end := i
		for end < len(s) && isNameCharacter(s[end]) {
			end++
		}
		name, next := s[i:end], end
		if r.names.isSecret(name) {
			if from, to := r.valueOf(s, i, end); from < to && !r.names.isHarmless(name, s[from:to]) {
				b.WriteString(s[copied:from])
				b.WriteString(Mark)
				r.hide(s[from:to])
				copied, next = to, to
			}
		}
		i = next
	}
	if copied == 0 {
		return s
	}
	b.WriteString(s[copied:])
	return b.String()
}

// valueOf finds the value that belongs to the name at s[start:end], without its quotes; from == to
// if it has none.
func (r *redactor) valueOf(s string, start, end int) (from, to int) {
	i := end
	if n := encodedSeparator(s[i:]); n > 0 {
		return bareValue(s, i+n)
	}
	quoted := i < len(s) && (s[i] == '"' || s[i] == '\'')
	for i < len(s) && strings.IndexByte(`"'\]>`, s[i]) >= 0 {
		i++ // $conf['password'] = …, "password": …, \"password\":…, <password>…
	}
	tag := i > end && s[i-1] == '>'
	i = skipBlanks(s, i)
	switch {
	case tag && !strings.HasPrefix(s[i:], "="):
	case i < len(s) && (s[i] == '=' || s[i] == ':'):
		if s[i] == ':' && start > 0 && s[start-1] == '/' && i+1 < len(s) && (s[i+1] == ' ' || s[i+1] == '/') {
			return 0, 0 // "/etc/passwd: permission denied" and -v /run/secret:/run/secret name a file
		}
		for i < len(s) && (s[i] == '=' || s[i] == ':' || s[i] == '>') {
			i++
		}
	case quoted && i < len(s) && s[i] == ',': // define('DB_PASSWORD', '…')
		i++
	case i > end && !quoted && r.blankSeparates(s, start, end, i):
	default:
		return 0, 0
	}
	i = skipBlanks(s, i)
	if i+1 < len(s) && s[i] == '\\' && (s[i+1] == '"' || s[i+1] == '\'') { // a quote within quotes
		if n := strings.Index(s[i+2:], s[i:i+2]); n >= 0 {
			return i + 2, i + 2 + n
		}
		return i + 2, len(s)
	}
	return valueAt(s, i)
}

// encodedSeparator returns the length of a "=" or ":" in the encoding of an address, of JSON or of
// HTML that s begins with; else 0.
func encodedSeparator(s string) int {
	for _, encoded := range [...]string{"%3d", "%3a", "%253d", "%253a", `\u003d`, `\u003a`, "&#61;", "&#x3d;", "&equals;"} {
		if len(s) >= len(encoded) && strings.EqualFold(s[:len(encoded)], encoded) {
			return len(encoded)
		}
	}
	return 0
}

func skipBlanks(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return i
}

// blankSeparates reports whether a blank is enough between the name and what begins at value: after
// a flag, after a directive, and in a line of two words. In a sentence it is not.
func (r *redactor) blankSeparates(s string, start, end, value int) bool {
	if s[start] == '-' {
		rest, _, _ := strings.Cut(s[value:], " ")
		return !r.isFlag(rest)
	}
	const before = 128 // bytes of the line that are searched
	line := s[max(0, start-before):start]
	line = line[strings.LastIndexByte(line, '\n')+1:]
	if strings.Contains(line, "login ") && strings.EqualFold(s[start:end], "password") { // netrc(5)
		return true
	}
	if line = strings.ToLower(strings.Trim(line, " \t")); line != "" {
		return slices.Contains(r.names.setters, line)
	}
	if slices.Contains(r.names.directives, strings.ToLower(s[start:end])) {
		return true
	}
	after := value
	for after < len(s) && strings.IndexByte(" \t\r\n", s[after]) < 0 {
		after++
	}
	after = skipBlanks(s, after)
	return after > value && (after == len(s) || s[after] == '\n' || s[after] == '\r')
}

// valueAt returns the extent of the value that begins at i: what is in quotes, or up to a blank, or
// up to a comma, semicolon or ampersand that the next name=value follows.
func valueAt(s string, i int) (from, to int) {
	if i < len(s) && (s[i] == '"' || s[i] == '\'' || s[i] == '`') {
		quote := s[i]
		for j := i + 1; j < len(s); j++ {
			switch s[j] {
			case '\\':
				j++
			case quote:
				if j+1 == len(s) || strings.IndexByte(" \t\r\n,;)]}>&|", s[j+1]) >= 0 {
					return i + 1, j
				}
				// 'it'"'"'s' continues after its quote.
				_, to = bareValue(s, j+1)
				return i, to
			}
		}
		return i + 1, len(s)
	}
	return bareValue(s, i)
}

func bareValue(s string, i int) (from, to int) {
	j := i
	if strings.HasPrefix(s[i:], Mark) {
		j += len(Mark) // the Mark's own brackets end nothing
	}
	for ; j < len(s); j++ {
		switch s[j] {
		case ' ', '\t', '\r', '\n':
			return i, j
		case ',', ';', '&', '"', '\'', ')', '}', ']', '<', '|', '\\':
			ends, next := endsValue(s, j)
			if ends {
				return i, j
			}
			j = max(j, next-1) // the punctuation in between has the same answer
		}
	}
	return i, len(s)
}

// endsValue reports whether the punctuation at s[j] ends a value, because nothing or another
// name=value follows it. next is the first position after the run of punctuation.
func endsValue(s string, j int) (ends bool, next int) {
	const maxName = 64
	k := j
	for k < len(s) && strings.IndexByte(",;&\"')}]|\\", s[k]) >= 0 {
		k++
	}
	if k == len(s) || strings.IndexByte(" \t\r\n<", s[k]) >= 0 {
		return true, k
	}
	name := k
	for k < len(s) && k-name < maxName && isNameCharacter(s[k]) {
		k++
	}
	return k > name && k < len(s) && (s[k] == '=' || s[k] == ':'), name
}
