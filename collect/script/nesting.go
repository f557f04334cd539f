package script

import (
	"bytes"
	"fmt"
)

// boundNesting returns an error if a text nests brackets and blocks, or chains operators in one
// expression, deeper than the parser should be asked to follow: its stack grows with both, and
// nothing bounds it there. So it does if one function uses too many names and constants: for each
// use the compiler looks through all of the function's. The only line ends in the text are "\n".
func boundNesting(text []byte) error {
	s := nestingScan{text: text, line: 1, levels: make([]level, 1), names: []map[string]bool{{}}}
	for s.at < len(s.text) {
		s.token()
		switch {
		case len(s.levels) > maxFileNesting+1:
			return &nestingError{s.line, fmt.Sprintf("more than %d brackets and blocks in one another", maxFileNesting)}
		case s.top().operators > maxFileNesting:
			return &nestingError{s.line, fmt.Sprintf("more than %d operators in one expression", maxFileNesting)}
		case s.lookups > maxLookups:
			return &nestingError{s.line, "too many names and constants in one function"}
		}
	}
	return nil
}

type nestingError struct {
	line int
	text string
}

func (e *nestingError) Error() string { return e.text }

// nestingScan goes through the tokens of a text. What is no Lua at all it goes through in some way:
// the parser says what is wrong with it.
type nestingScan struct {
	text []byte
	at   int
	line int
	// levels are the open brackets and blocks; names has the names and constants of each open function.
	levels  []level
	names   []map[string]bool
	lookups int // of the compiler
}

type level struct {
	operators int // of its expression so far
	function  bool
}

func (s *nestingScan) top() *level { return &s.levels[len(s.levels)-1] }

// name counts a name or a constant.
func (s *nestingScan) name(text []byte) {
	names := s.names[len(s.names)-1]
	s.lookups += len(names)
	names[string(text)] = true
}

func (s *nestingScan) token() {
	c := s.text[s.at]
	switch {
	case c == '\n':
		s.line++
		s.at++
	case c == '-' && s.next('-'):
		s.comment()
	case c == '[' && s.longBracket() >= 0:
		start := s.at
		s.skipLong()
		s.name(s.text[start:s.at])
	case c == '"' || c == '\'':
		s.quoted(c)
	case isWordByte(c):
		s.word()
	default:
		s.punctuation(c)
	}
}

func (s *nestingScan) next(c byte) bool { return s.at+1 < len(s.text) && s.text[s.at+1] == c }

func (s *nestingScan) punctuation(c byte) {
	s.at++
	switch c {
	case '(', '{', '[':
		s.open()
	case ')', '}', ']':
		s.close()
	case ',', ';', '=':
		s.reset()
	case '-', '#', '^':
		s.top().operators++
	case '.':
		if s.at < len(s.text) && s.text[s.at] == '.' {
			s.at++
			s.top().operators++
		}
	}
}

func (s *nestingScan) open() { s.levels = append(s.levels, level{}) }

func (s *nestingScan) close() {
	if len(s.levels) == 1 { // the parser stops here
		return
	}
	if s.top().function {
		s.names = s.names[:len(s.names)-1]
	}
	s.levels = s.levels[:len(s.levels)-1]
}

func (s *nestingScan) reset() { s.top().operators = 0 }

func (s *nestingScan) word() {
	start := s.at
	for s.at < len(s.text) && isWordByte(s.text[s.at]) {
		s.at++
	}
	switch string(s.text[start:s.at]) {
	case "not":
		s.top().operators++
	case "do", "then", "repeat":
		s.open()
	case "function":
		s.open()
		s.top().function = true
		s.names = append(s.names, map[string]bool{})
	case "end", "until":
		s.close()
	case "elseif":
		s.close() // of then, which follows again
	case "else", "local", "return", "while", "for", "in", "if", "break", "goto":
		s.reset()
	case "and", "or", "nil", "true", "false":
	default:
		s.name(s.text[start:s.at])
	}
}

func isWordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_'
}

func (s *nestingScan) quoted(quote byte) {
	start := s.at
	defer func() { s.name(s.text[start:min(s.at, len(s.text))]) }()
	for s.at++; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
			if s.at < len(s.text) && s.text[s.at] == '\n' {
				s.line++
			}
		case '\n': // not closed
			return
		case quote:
			s.at++
			return
		}
	}
}

func (s *nestingScan) comment() {
	s.at += 2
	if s.at < len(s.text) && s.text[s.at] == '[' && s.longBracket() >= 0 {
		s.skipLong()
		return
	}
	if end := bytes.IndexByte(s.text[s.at:], '\n'); end >= 0 {
		s.at += end
	} else {
		s.at = len(s.text)
	}
}

// longBracket returns how many = a long bracket has that begins here; -1: there is none.
func (s *nestingScan) longBracket() int {
	i := s.at + 1
	for i < len(s.text) && s.text[i] == '=' {
		i++
	}
	if i < len(s.text) && s.text[i] == '[' {
		return i - s.at - 1
	}
	return -1
}

func (s *nestingScan) skipLong() {
	level := s.longBracket()
	end := append(append([]byte("]"), bytes.Repeat([]byte("="), level)...), ']')
	rest := s.text[s.at+level+2:]
	length := bytes.Index(rest, end)
	if length < 0 {
		length = len(rest)
	}
	s.line += bytes.Count(rest[:length], []byte("\n"))
	s.at = min(s.at+level+2+length+len(end), len(s.text))
}
