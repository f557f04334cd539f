package transport

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// sanitize makes a peer's text fit to be shown and stored: at most limit bytes, truncated between
// runes, and a space for whatever a terminal obeys instead of showing it: control characters, line
// and paragraph separators, and what changes the direction of the text around it (UAX #9, property
// Bidi_Control).
//
// schedule/shorttext has the same rule for the rest of the module, which this package does not
// import: its errors must be safe for whoever else uses it.
func sanitize(s string, limit int) string {
	if len(s) > limit {
		for limit > 0 && !utf8.RuneStart(s[limit]) {
			limit--
		}
		s = s[:limit]
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}
