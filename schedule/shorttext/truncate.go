package shorttext

import (
	"strings"
	"unicode/utf8"
)

// Valid returns s with every byte that is not part of valid UTF-8 replaced by U+FFFD, one for one, as
// [AppendJSON] does.
func Valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

// Truncate returns at most the first maxBytes bytes of s. It never splits a character, so valid
// UTF-8 stays valid.
func Truncate(s string, maxBytes int) string {
	if len(s) <= maxBytes {
		return s
	}
	n := max(maxBytes, 0)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// TruncateRunes returns at most the first maxRunes characters of s. An invalid byte counts as one
// character.
func TruncateRunes(s string, maxRunes int) string {
	if len(s) <= maxRunes {
		return s
	}
	n := 0
	for i := range s {
		if n >= maxRunes {
			return s[:i]
		}
		n++
	}
	return s
}

// Shorten returns s if it has at most maxRunes characters, otherwise its beginning and "…",
// maxRunes characters in total. The ellipsis shows people that something is missing.
func Shorten(s string, maxRunes int) string {
	if len(TruncateRunes(s, maxRunes)) == len(s) {
		return s
	}
	return TruncateRunes(s, maxRunes-1) + "…"
}
