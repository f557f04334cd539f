package criteria

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A kind is the kind of a token.
type kind uint8

const (
	end kind = iota
	name
	number
	text
	symbol
)

// A token is a word of the language, with its place.
type token struct {
	kind         kind
	text         string // of a text: what it stands for
	raw          string // of a text: as it stands between the quotes
	line, column int
}

// A lexer cuts a text into tokens. After the first mistake it returns end.
type lexer struct {
	rest         string
	line, column int
	mistake      *Mistake
}

// symbols are the signs of the language, longer ones first.
var symbols = []string{"==", "!=", ">=", "<=", "&&", "||", "<", ">", "(", ")", "{", "}", "[", "]", ",", ";", "=", ":"}

func (l *lexer) next() token {
	l.space()
	t := token{line: l.line, column: l.column}
	if l.rest == "" || l.mistake != nil {
		return t
	}
	switch c := l.rest[0]; {
	case c == '\'' || c == '"':
		l.text(&t)
		return t
	case c >= '0' && c <= '9' || c == '-' || c == '.':
		t.kind, t.text = number, l.take(func(r rune) bool { return r >= '0' && r <= '9' || strings.ContainsRune("+-.eE", r) })
		if v, err := strconv.ParseFloat(t.text, 64); err != nil || v-v != 0 {
			l.fail(t, "%q is not a number", shorten(t.text))
		}
		return t
	case isNameRune(rune(c)):
		t.kind, t.text = name, l.take(isNameRune)
		return t
	}
	for _, s := range symbols {
		if strings.HasPrefix(l.rest, s) {
			l.skip(len(s))
			t.kind, t.text = symbol, s
			return t
		}
	}
	r, _ := utf8.DecodeRuneInString(l.rest)
	l.fail(t, "%q is not expected here", string(r))
	if strings.HasPrefix(l.rest, "//") {
		l.mistake.Text, l.mistake.Help = `"//" begins no comment`, "comments begin with #"
	}
	return token{line: t.line, column: t.column}
}

func isNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
}

// take returns the text up to the first character that does not belong to it.
func (l *lexer) take(belongs func(rune) bool) string {
	n := strings.IndexFunc(l.rest, func(r rune) bool { return !belongs(r) })
	if n < 0 {
		n = len(l.rest)
	}
	taken := l.rest[:n]
	l.skip(n)
	return taken
}

// skip goes on by n bytes.
func (l *lexer) skip(n int) {
	skipped := l.rest[:n]
	l.rest = l.rest[n:]
	if lines := strings.Count(skipped, "\n"); lines > 0 {
		l.line += lines
		l.column, skipped = 1, skipped[strings.LastIndexByte(skipped, '\n')+1:]
	}
	l.column += utf8.RuneCountInString(skipped)
}

// space skips blanks and comments.
func (l *lexer) space() {
	for l.rest != "" {
		switch {
		case strings.IndexByte(" \t\r\n", l.rest[0]) >= 0:
			l.skip(len(l.rest) - len(strings.TrimLeft(l.rest, " \t\r\n")))
		case l.rest[0] == '#':
			n := strings.IndexByte(l.rest, '\n')
			if n < 0 {
				n = len(l.rest)
			}
			l.skip(n)
		case strings.HasPrefix(l.rest, "/*"):
			n := strings.Index(l.rest[2:], "*/")
			if n < 0 {
				l.fail(token{line: l.line, column: l.column}, "the comment has no end")
				l.rest = ""
				return
			}
			l.skip(n + 4)
		default:
			return
		}
	}
}

// text reads a text in quotes.
func (l *lexer) text(t *token) {
	quote := l.rest[0]
	var b strings.Builder
	for i := 1; i < len(l.rest); i++ {
		switch c := l.rest[i]; {
		case c == quote:
			t.kind, t.text, t.raw = text, b.String(), l.rest[1:i]
			l.skip(i + 1)
			return
		case c == '\n':
			l.fail(*t, "the text has no end in its line")
			return
		case c == '\\':
			n := escape(&b, l.rest[i:])
			i += n - 1
		default:
			b.WriteByte(c)
		}
	}
	l.fail(*t, "the text has no end")
}

// escape writes what an escape stands for, and returns its length. The backslash of one that is not known
// stays: it is one of a regular expression.
func escape(b *strings.Builder, s string) int {
	if len(s) < 2 {
		b.WriteByte('\\')
		return 1
	}
	if i := strings.IndexByte(`\'"bfnrt`, s[1]); i >= 0 {
		b.WriteByte("\\'\"\b\f\n\r\t"[i])
		return 2
	}
	if s[1] == 'u' && len(s) >= 6 {
		if r, err := strconv.ParseUint(s[2:6], 16, 32); err == nil {
			b.WriteRune(rune(r))
			return 6
		}
	}
	b.WriteByte('\\')
	return 1
}
