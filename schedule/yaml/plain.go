package yaml

import (
	"slices"
	"strings"
)

// A plainParser parses the plain part of YAML, which is nearly all that people and `virgo setup`
// write. Every run reads its configuration: for a small file goccy/go-yaml allocates a hundred
// kilobytes of tokens and trees and touches fresh pages of code and tables; this parses in place
// (BenchmarkParse of package full).
//
// Where it succeeds, the tree is that of package full, including the lines (FuzzPlain there). It
// accepts
//
//	key: value       keys of ASCII letters, digits, _ . and -, beginning with a letter or _
//	key:             nothing, or a mapping or list below it; a list may have the key's indentation
//	- value          lists of scalars
//	- key: value     and of mappings
//	key: [a, "b"]    lists and mappings within one line, where text without quotes has no spaces
//	key: {a: b}
//	# comment        on a line of its own, or after a space
//	---              before everything else
//
// where a value is one line, "quoted" with the escapes \" \\ \/ \n \t, 'quoted', or without quotes
// and beginning with a letter, a digit, _ or /, or an option's dashes. Strings share one copy of
// the file.
type plainParser struct {
	rest string // the lines after this one
	text string // this line from column col on, without leading spaces; empty at the end
	col  int    // from 0; -1 at the end
	line int    // from 1
}

// parsePlain returns the tree and true, or false if the file is not plain.
func parsePlain(data []byte) (Node, bool) {
	p := plainParser{rest: string(data)}
	for i, r := range p.rest {
		switch {
		case r == '\n', ' ' <= r && r <= '~':
		case r == '\r' && strings.HasPrefix(p.rest[i+1:], "\n"): // as Windows writes it
		case r <= 0x9f, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffd:
			// Tabs, other control characters, line separators, invalid UTF-8.
			return Node{}, false
		}
	}
	if p.next(); p.text == "---" && p.col == 0 {
		p.next()
	}
	if p.text == "" {
		return Node{}, true
	}
	// A line at a column where no list or mapping continues ends the block, and is left over here.
	n, ok := p.block(0)
	return n, ok && p.text == ""
}

// next advances to the next line that contains more than spaces and a comment.
func (p *plainParser) next() {
	for p.rest != "" {
		var line string
		line, p.rest, _ = strings.Cut(p.rest, "\n")
		line = strings.TrimSuffix(line, "\r")
		p.line++
		p.text = strings.TrimLeft(line, " ")
		p.col = len(line) - len(p.text)
		if p.text != "" && p.text[0] != '#' {
			return
		}
	}
	p.text, p.col = "", -1
}

func (p *plainParser) atEntry() bool { return strings.HasPrefix(p.text, "- ") }

func (p *plainParser) block(depth int) (Node, bool) {
	if p.atEntry() {
		return p.list(depth)
	}
	return p.mapping(depth)
}

// list parses the entries at this column. A line at the same column that is not an entry belongs to
// the enclosing mapping, provided that the keys of that mapping have this column.
func (p *plainParser) list(depth int) (Node, bool) {
	col := p.col
	n := Node{Kind: List, Line: p.line, Items: make([]Node, 0, 4)}
	for p.col == col && p.atEntry() {
		text := strings.TrimLeft(p.text[1:], " ")
		p.text, p.col = text, p.col+len(p.text)-len(text)
		var item Node
		_, _, ok := splitKey(text)
		if ok {
			item, ok = p.mapping(depth + 1)
		} else {
			item, ok = parseValue(text, p.line, depth)
			p.next()
		}
		if !ok {
			return Node{}, false
		}
		n.Items = append(n.Items, item)
	}
	return n, true
}

// maxPlainFields bounds the mappings that are searched for duplicate keys without an index.
const maxPlainFields = 64

// mapping parses the keys at this column. At least every other level is a mapping, so it checks the
// depth for both: a list in it, and that list's scalars, are still within MaxDepth.
func (p *plainParser) mapping(depth int) (Node, bool) {
	col := p.col
	n := Node{Kind: Map, Line: p.line, Fields: make([]Field, 0, 4)}
	for p.col == col {
		key, value, ok := splitKey(p.text)
		if !ok || depth+2 > MaxDepth || len(n.Fields) == maxPlainFields || hasKey(n.Fields, key) {
			return Node{}, false
		}
		f := Field{Key: key, Line: p.line}
		if value != "" && value[0] != '#' {
			f.Value, ok = parseValue(value, p.line, depth)
			p.next()
		} else if p.next(); p.col > col {
			f.Value, ok = p.block(depth + 1)
		} else if p.col == col && p.atEntry() {
			f.Value, ok = p.list(depth + 1)
		} else {
			f.Value.Line = f.Line
		}
		if !ok {
			return Node{}, false
		}
		n.Fields = append(n.Fields, f)
	}
	return n, true
}

func hasKey(fields []Field, key string) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return f.Key == key })
}

// splitKey splits a line into its key and what follows the colon and the spaces after it.
func splitKey(text string) (key, value string, ok bool) {
	i := 0
	for i < len(text) && (isLetter(text[i]) || i > 0 && (isDigit(text[i]) || text[i] == '.' || text[i] == '-')) {
		i++
	}
	if i == 0 || i == len(text) || text[i] != ':' || i+1 < len(text) && text[i+1] != ' ' ||
		wordKind(text[:i]) != Text {
		return "", "", false
	}
	return text[:i], strings.TrimLeft(text[i+1:], " "), true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// parseScalar parses a value up to the end of the line, including a comment after it.
func parseScalar(s string, line int) (n Node, ok bool) {
	n = Node{Kind: Text, Line: line}
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		var after string
		n.Text, after, ok = parseQuoted(s)
		return n, ok && endsLine(after)
	}
	for i := range len(s) {
		if s[i] == '#' && i > 0 && s[i-1] == ' ' {
			s = s[:i]
			break
		}
		if s[i] == ':' && (i+1 == len(s) || s[i+1] == ' ') {
			return Node{}, false // a key where a value belongs
		}
	}
	s = strings.TrimRight(s, " ")
	n.Kind, ok = scalarKind(s)
	if n.Kind != Null {
		n.Text = s
	}
	return n, ok
}

// parseQuoted returns a value without its quotes, and what follows it.
func parseQuoted(s string) (text, after string, ok bool) {
	const escapes, values = `nt"\/`, "\n\t\"\\/"
	quote, from := s[0], 1
	var before []byte
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quote == '"' && i+1 < len(s):
			at := strings.IndexByte(escapes, s[i+1])
			if at < 0 {
				return "", "", false
			}
			before = append(append(before, s[from:i]...), values[at])
			i++
			from = i + 1
		case s[i] == quote && quote == '\'' && i+1 < len(s) && s[i+1] == quote:
			i++
			before, from = append(before, s[from:i]...), i+1
		case s[i] == quote && before == nil:
			return s[from:i], s[i+1:], true
		case s[i] == quote:
			return string(append(before, s[from:i]...)), s[i+1:], true
		}
	}
	return "", "", false
}

// wordKind returns the kind of a scalar that begins with a letter.
func wordKind(s string) Kind {
	switch s {
	case "null", "Null", "NULL":
		return Null
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return Bool
	}
	return Text
}

// maxPlainDigits keeps numbers within 64 bits.
const maxPlainDigits = 18

// scalarKind distinguishes numbers (60, 1.50) from text (64MiB, 30d, 10.0.0.1:80). ok is false for
// other forms of numbers (-5, 0644, 0x1f, 1_000, 1.5e3) and for what begins with an indicator of
// YAML.
func scalarKind(s string) (Kind, bool) {
	if name := strings.TrimLeft(s, "-"); name == "" || !isDigit(s[0]) {
		option := name != "" && isLetter(name[0]) && name[0] != '_' && len(s)-len(name) <= 2
		return wordKind(s), option || s != "" && (isLetter(s[0]) || s[0] == '/' || s[0] >= 0x80)
	}
	points, others := 0, 0
	for i := range len(s) {
		switch {
		case s[i] == '_':
			return Null, false
		case s[i] == '.':
			points++
		case !isDigit(s[i]):
			others++
		}
	}
	switch {
	case points > 1:
		return Text, true
	case others > 0:
		return Text, points == 0 && s[0] != '0'
	default:
		return Number, len(s) <= maxPlainDigits && (points == 1 || s[0] != '0' || len(s) == 1)
	}
}
