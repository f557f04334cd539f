package plugin

import (
	"strings"
)

// hidden replaces a secret, as in package redact. That package knows many more secrets by their shapes,
// with regular expressions: 100 KB of a program that is to stay small, and 1.3 ms and 350 KB of memory
// at its first text (measured when this was written). For one line of an error, what follows is enough.
const hidden = "[redacted]"

// Lengths from which a word is a secret by its looks alone.
const (
	minMixed = 20 // of letters of both cases, and digits
	minHex   = 32 // of hexadecimal digits
)

// hideSecrets removes what looks like a secret from a line: the user's part of an address, the value of
// a name that means a secret (password=…, token: …, --api-key …), and long words that look random.
// If in doubt it removes a word.
func hideSecrets(line string) string {
	words := strings.Split(line, " ")
	next := false // the word is a secret because of the one before it
	for i, w := range words {
		if w == "" {
			continue
		}
		if next {
			next = isScheme(w)
			if !next && !isHarmless(w) {
				w = hidden
			}
			words[i] = w
			continue
		}
		words[i], next = hideInWord(w)
	}
	return strings.Join(words, " ")
}

// hideInWord removes secrets from a word; next means that the word after it is one.
func hideInWord(w string) (shown string, next bool) {
	if at := strings.Index(w, "://"); at >= 0 {
		if user := strings.LastIndexByte(w, '@'); user > at {
			w = w[:at+len("://")] + hidden + w[user:]
		}
	}
	if strings.HasPrefix(w, "--") && !strings.Contains(w, "=") && isSecretName(w) || isScheme(w) {
		return w, true
	}
	for from := 0; ; {
		i := strings.IndexAny(w[from:], "=:")
		if i < 0 {
			break
		}
		i += from
		if isSecretName(w[from:i]) {
			value := w[i+1:]
			switch {
			case strings.Trim(value, `"'`) == "":
				return w, true
			case isScheme(value):
				return w, true
			case isHarmless(value):
				return w, false
			}
			return w[:i+1] + hidden, false
		}
		from = i + 1
	}
	return hideRandom(w), false
}

// secretNames are parts of names whose values are secrets. "key" alone is not among them, because of
// "foreign key" and "key: not found".
func secretNames() []string {
	return []string{
		"pass", "pwd", "secret", "token", "credential", "authorization", "cookie", "api_key", "apikey", "api-key",
		"access_key", "access-key", "private_key", "private-key", "auth_key", "authkey", "auth-key", "session", "signature", "dsn",
	}
}

func isSecretName(name string) bool {
	name = strings.ToLower(name)
	for _, part := range secretNames() {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// isScheme reports whether a word comes before the credentials of an HTTP header.
func isScheme(w string) bool {
	return strings.EqualFold(w, "Bearer") || strings.EqualFold(w, "Basic")
}

// isHarmless reports whether a value only says whether there is a secret: (using password: YES).
func isHarmless(value string) bool {
	switch strings.ToLower(strings.Trim(value, `"'.,;()`)) {
	case "yes", "no", "true", "false", "none", "null", "on", "off", "missing", "required", "":
		return true
	}
	return false
}

// hideRandom removes the parts of a word that look random.
func hideRandom(w string) string {
	var b strings.Builder
	for w != "" {
		n := strings.IndexFunc(w, func(r rune) bool { return !isTokenRune(r) })
		if n < 0 {
			n = len(w)
		}
		if isRandom(w[:n]) {
			b.WriteString(hidden)
		} else {
			b.WriteString(w[:n])
		}
		w = w[n:]
		n = strings.IndexFunc(w, isTokenRune)
		if n < 0 {
			n = len(w)
		}
		b.WriteString(w[:n])
		w = w[n:]
	}
	return b.String()
}

func isTokenRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-+", r)
}

func isRandom(s string) bool {
	lower, upper, digits, hex := 0, 0, 0, 0
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z':
			lower++
		case 'A' <= r && r <= 'Z':
			upper++
		case '0' <= r && r <= '9':
			digits++
		}
		if strings.ContainsRune("0123456789abcdefABCDEF", r) {
			hex++
		}
	}
	return len(s) >= minMixed && lower > 0 && upper > 0 && digits > 0 || len(s) >= minHex && hex == len(s)
}
