package shorttext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	escape = '\x1b'
	bell   = '\a'
	// c1CSI begins a control sequence as "ESC [" does (ECMA-48).
	c1CSI = '\u009b'
)

// StripControls returns s without what a terminal obeys instead of printing, for texts of programs
// that are stored: control sequences (ECMA-48: colours, cursor movements, titles) are removed, white
// space such as tabs becomes a space, and any other control character and each byte of invalid UTF-8
// becomes U+FFFD. Text without any of them is returned as it is.
func StripControls(s string) string {
	if strings.IndexFunc(s, isDamaged) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if n := sequenceLength(s[i:]); n > 0 {
			i += n
			continue
		}
		i += size
		switch {
		case unicode.IsSpace(r) && unicode.IsControl(r):
			b.WriteByte(' ')
		case unicode.IsControl(r) || r == utf8.RuneError:
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isDamaged is also true for an U+FFFD that is no error, which StripControls keeps.
func isDamaged(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }

// sequenceLength returns the length of the control sequence that s begins with; 0 where it begins
// with none, or with one that has no end.
func sequenceLength(s string) int {
	if strings.HasPrefix(s, string(c1CSI)) {
		return endOfCSI(s, len(string(c1CSI)))
	}
	if len(s) < 2 || s[0] != escape {
		return 0
	}
	switch s[1] {
	case '[':
		return endOfCSI(s, 2)
	case ']', 'P', 'X', '^', '_': // a string up to ST or, as xterm accepts, BEL
		for i := 2; i < min(len(s), maxControlString); i++ {
			if s[i] == bell {
				return i + 1
			}
			if strings.HasPrefix(s[i:], "\x1b\\") {
				return i + 2
			}
		}
		return 2
	}
	i := 1
	for i < len(s) && ' ' <= s[i] && s[i] <= '/' {
		i++
	}
	if i < len(s) && '0' <= s[i] && s[i] <= '~' {
		return i + 1
	}
	return 0
}

// maxControlString bounds how far the end of a control string is searched for.
const maxControlString = 4 << 10

// endOfCSI returns the length of a control sequence whose parameters begin at i.
func endOfCSI(s string, i int) int {
	for i < len(s) && ' ' <= s[i] && s[i] <= '?' {
		i++
	}
	if i < len(s) && '@' <= s[i] && s[i] <= '~' {
		return i + 1
	}
	return i
}
