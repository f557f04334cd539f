package shorttext

import (
	"strings"
	"unicode"
)

// Sanitize returns s in a form that is safe to print on a terminal: each character that [Unsafe]
// reports becomes a space, and each byte of invalid UTF-8 becomes U+FFFD.
func Sanitize(s string) string {
	return strings.Map(func(r rune) rune {
		if Unsafe(r) {
			return ' '
		}
		return r
	}, s)
}

// Unsafe reports whether a terminal may interpret r instead of printing it: control characters,
// line and paragraph separators, and characters that change the direction of the text around them
// (UAX #9, property Bidi_Control).
func Unsafe(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}
