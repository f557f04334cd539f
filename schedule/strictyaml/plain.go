package strictyaml

import "strings"

// A plainReader reads the plain part of YAML, which is nearly all that people and `virgo setup` write. It
// exists for a run's cost: the full parser makes a hundred kilobytes of tokens and trees of a small file
// and pulls in its own code and tables, all of it fresh pages; this reads in place.
//
// What it takes gives the very tree of the full parser, to the line. Whatever it does not know to the
// letter, each mistake among it, it leaves to the full parser, which alone explains mistakes: leaving is
// always right, taking must be proved (FuzzPlain). It takes
//
//	key: value       keys of ASCII letters, digits, _ . and -, begun with a letter or _
//	key:             nothing, or a mapping or list below it; a list may stand at the key's own column
//	- value          lists of scalars
//	- key: value     and of mappings
//	# comment        on a line of its own, or after a blank
//
// where a value is one line, "quoted" with the escapes \" \\ \/ \n \t, 'quoted', or without quotes and
// begun with a letter, a digit, _ or /, or an option's dashes. Strings share one copy of the file.
type plainReader struct {
	rest string // the lines after this one
	text string // this line from column col on, without a blank before it; empty at the end
	col  int    // from 0; -1 at the end
	line int    // from 1
}

// readPlain gives the tree and true, or false where the full parser has to look.
func readPlain(data []byte) (Node, bool) {
	p := plainReader{rest: string(data)}
	for _, r := range p.rest {
		switch {
		case r == '\n', ' ' <= r && r <= '~':
		case r <= 0x9f, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffd:
			// Tabs, carriage returns, controls, what others take for a line's end, and what is not UTF-8.
			return Node{}, false
		}
	}
	if p.next(); p.text == "" {
		return Node{}, true
	}
	// A line at a column where no list or mapping goes on ends all of them, and is left over here.
	n, ok := p.block(0)
	return n, ok && p.text == ""
}

// next goes to the next line that holds more than blanks and a comment.
func (p *plainReader) next() {
	for p.rest != "" {
		var line string
		line, p.rest, _ = strings.Cut(p.rest, "\n")
		p.line++
		p.text = strings.TrimLeft(line, " ")
		p.col = len(line) - len(p.text)
		if p.text != "" && p.text[0] != '#' {
			return
		}
	}
	p.text, p.col = "", -1
}

func (p *plainReader) atEntry() bool { return strings.HasPrefix(p.text, "- ") }

func (p *plainReader) block(depth int) (Node, bool) {
	if p.atEntry() {
		return p.list(depth)
	}
	return p.mapping(depth)
}

// list reads the entries at this column. What follows at the same column and is no entry belongs to the
// mapping around it, if that is where its keys are.
func (p *plainReader) list(depth int) (Node, bool) {
	col := p.col
	n := Node{Kind: List, Line: p.line, Items: make([]Node, 0, 4)}
	for p.col == col && p.atEntry() {
		text := strings.TrimLeft(p.text[1:], " ")
		p.text, p.col = text, p.col+len(p.text)-len(text)
		var item Node
		_, _, ok := cutKey(text)
		if ok {
			item, ok = p.mapping(depth + 1)
		} else {
			item, ok = plainScalar(text, p.line)
			p.next()
		}
		if !ok {
			return Node{}, false
		}
		n.Items = append(n.Items, item)
	}
	return n, true
}

// maxPlainFields bounds the mappings that are searched for doubles from end to end.
const maxPlainFields = 64

// mapping reads the keys at this column. Every other level at least is one, so it watches the depth of
// both: a list in it, and that list's scalars, still lie within MaxDepth.
func (p *plainReader) mapping(depth int) (Node, bool) {
	col := p.col
	n := Node{Kind: Map, Line: p.line, Fields: make([]Field, 0, 4)}
	for p.col == col {
		key, value, ok := cutKey(p.text)
		if !ok || depth+2 > MaxDepth || len(n.Fields) == maxPlainFields || find(n.Fields, nil, key) >= 0 {
			return Node{}, false
		}
		f := Field{Key: key, Line: p.line}
		if value != "" && value[0] != '#' {
			f.Value, ok = plainScalar(value, p.line)
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

// cutKey cuts a line into its key and what comes after the colon and blanks.
func cutKey(text string) (key, value string, ok bool) {
	i := 0
	for i < len(text) && (isLetter(text[i]) || i > 0 && (isDigit(text[i]) || text[i] == '.' || text[i] == '-')) {
		i++
	}
	if i == 0 || i == len(text) || text[i] != ':' || i+1 < len(text) && text[i+1] != ' ' || wordKind(text[:i]) != Text {
		return "", "", false
	}
	return text[:i], strings.TrimLeft(text[i+1:], " "), true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// plainScalar reads a value to the line's end, a comment after it included.
func plainScalar(s string, line int) (n Node, ok bool) {
	n = Node{Kind: Text, Line: line}
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		var after string
		n.Text, after, ok = cutQuoted(s)
		comment := strings.TrimLeft(after, " ")
		return n, ok && (comment == "" || comment[0] == '#' && after[0] == ' ')
	}
	for i := range len(s) {
		if s[i] == '#' && i > 0 && s[i-1] == ' ' {
			s = s[:i]
			break
		}
		if s[i] == ':' && (i+1 == len(s) || s[i+1] == ' ') {
			return Node{}, false // a key in the place of a value
		}
	}
	s = strings.TrimRight(s, " ")
	n.Kind, ok = plainKind(s)
	if n.Kind != Null {
		n.Text = s
	}
	return n, ok
}

// cutQuoted cuts a value from its quotes.
func cutQuoted(s string) (text, after string, ok bool) {
	const escapes, meant = `nt"\/`, "\n\t\"\\/"
	quote, from := s[0], 1
	var before []byte
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quote == '"' && i+1 < len(s):
			at := strings.IndexByte(escapes, s[i+1])
			if at < 0 {
				return "", "", false
			}
			before = append(append(before, s[from:i]...), meant[at])
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

// wordKind is the kind of what begins with a letter.
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

// plainKind tells 60 and 1.50, numbers, from 64MiB, 30d and 10.0.0.1:80, text. What has any other look of
// a number is left: -5, 0644, 0x1f, 1_000, 1.5e3; and so is what begins with a sign that may mean something.
func plainKind(s string) (Kind, bool) {
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
