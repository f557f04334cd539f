package plugin

import "strings"

// unescape takes a text up to the first of the marks in ends that has no backslash before it, and says what
// comes from there on: nothing where there is no such mark. A backslash before one of escapable is dropped, and
// an n there is a newline; before anything else it stands for itself.
func unescape(s, ends, escapable string) (text, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(escapable, s[i+1]) >= 0:
			if i++; s[i] == 'n' {
				b.WriteByte('\n')
			} else {
				b.WriteByte(s[i])
			}
		case strings.IndexByte(ends, c) >= 0:
			return b.String(), s[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}
