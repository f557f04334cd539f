package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep values may be nested, as in encoding/json.
const maxDepth = 10_000

// A scanner reads a JSON text once, from its beginning to its end, by the grammar of encoding/json. After
// a fault in the syntax, bad is set and every method returns at once: whoever reads asks at the end.
//
// It is no library, since none reads what encoding/json reads: fastjson takes NaN, control characters and
// any escape, so that its strict check would be a second pass, and does not say how long a value is as it
// is written, which the bound on unknown bytes needs. BenchmarkParsePost has it beside the scanner.
type scanner struct {
	text  string
	at    int
	depth int    // of the value that is being read
	open  []byte // for skip: what closes the values that it is in
	bad   bool
	// metrics are those of the entry that was read last, and dimension is its dimension.
	metrics   []wireMetric
	dimension string
}

// A kind is the type of a JSON value.
type kind byte

const (
	null kind = iota
	text
	integer // any number
	boolean
	list
	object
)

func (k kind) String() string {
	return [...]string{"null", "string", "number", "bool", "array", "object"}[k]
}

// A token is a value. Of a list and an object it has the kind only.
type token struct {
	kind kind
	raw  string // as it is written
	text string // of a text: what it says, with U+FFFD for invalid UTF-8, as encoding/json has it
}

// fail ends the reading.
func (s *scanner) fail() { s.bad, s.at = true, len(s.text) }

// space skips white space and returns the byte behind it, 0 at the end.
func (s *scanner) space() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\n', '\t', '\r':
		default:
			return c
		}
	}
	return 0
}

// end reports whether the text was good and is read.
func (s *scanner) end() bool { return s.space() == 0 && s.at == len(s.text) && !s.bad }

// begin reads the bracket that begins an object or a list.
func (s *scanner) begin() {
	s.at++
	if s.depth++; s.depth > maxDepth {
		s.fail()
	}
}

// next goes to the next value (or key) in what closing ends; n is how many were there before it. It
// returns false behind the last one.
func (s *scanner) next(n int, closing byte) bool {
	c := s.space()
	switch {
	case s.bad:
	case c == closing:
		s.at++
		s.depth--
		return false
	case n > 0 && c == ',':
		s.at++
	case n > 0:
		s.fail()
	}
	return !s.bad
}

// key reads a name in an object and the colon behind it. size is that of the name as it is written.
func (s *scanner) key() (name string, size int) {
	if s.space() != '"' {
		s.fail()
		return "", 0
	}
	t := s.quoted()
	if s.space() != ':' {
		s.fail()
		return "", 0
	}
	s.at++
	return t.text, len(t.raw)
}

// value reads a value of any kind.
func (s *scanner) value() token {
	switch c := s.space(); c {
	case '"':
		return s.quoted()
	case '{':
		s.skip()
		return token{kind: object}
	case '[':
		s.skip()
		return token{kind: list}
	case 't':
		return s.literal("true", boolean)
	case 'f':
		return s.literal("false", boolean)
	case 'n':
		return s.literal("null", null)
	}
	return s.number()
}

func (s *scanner) literal(word string, k kind) token {
	if !strings.HasPrefix(s.text[s.at:], word) {
		s.fail()
		return token{}
	}
	s.at += len(word)
	return token{kind: k, raw: word}
}

// number reads [-] digits [. digits] [e [sign] digits], without a zero before other digits.
func (s *scanner) number() token {
	from := s.at
	s.accept("-")
	switch {
	case s.accept("0"):
	case s.digits() == 0:
		s.fail()
	}
	if s.accept(".") && s.digits() == 0 {
		s.fail()
	}
	if s.accept("eE") {
		s.accept("+-")
		if s.digits() == 0 {
			s.fail()
		}
	}
	if s.bad {
		return token{}
	}
	return token{kind: integer, raw: s.text[from:s.at]}
}

// accept reads a byte if it is one of those.
func (s *scanner) accept(bytes string) bool {
	if s.at < len(s.text) && strings.IndexByte(bytes, s.text[s.at]) >= 0 {
		s.at++
		return true
	}
	return false
}

func (s *scanner) digits() (n int) {
	for ; s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9'; s.at++ {
		n++
	}
	return n
}

// quoted reads a text, whose opening quote is next.
func (s *scanner) quoted() token {
	from := s.at
	for i := from + 1; i < len(s.text); i++ {
		c := s.text[i]
		if c > '"' && c < utf8.RuneSelf && c != '\\' || c == ' ' || c == '!' {
			continue
		}
		if c != '"' {
			return s.unusual(from, i)
		}
		s.at = i + 1
		return token{kind: text, raw: s.text[from:s.at], text: s.text[from+1 : i]}
	}
	s.fail()
	return token{}
}

// unusual reads the rest of a text that begins at from and has at i what is neither ASCII nor its end.
func (s *scanner) unusual(from, i int) token {
	escaped := false
	for ; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			s.at = i + 1
			raw := s.text[from:s.at]
			if said := raw[1 : len(raw)-1]; !escaped && utf8.ValidString(said) {
				return token{kind: text, raw: raw, text: said}
			}
			return s.unquote(raw)
		case c == '\\':
			escaped = true
			i++ // the next byte is no end of the text; what it may be, unquote knows
		case c < ' ':
			i = len(s.text)
		}
	}
	s.fail()
	return token{}
}

// unquote decodes a text that has an escape or invalid UTF-8. encoding/json does it, which few texts need.
func (s *scanner) unquote(raw string) token {
	t := token{kind: text, raw: raw}
	if json.Unmarshal([]byte(raw), &t.text) != nil {
		s.fail()
		return token{}
	}
	return t
}

// skip reads an object or a list without looking at what is in it. It does not call itself: the depth is
// the peer's.
func (s *scanner) skip() {
	open := s.open[:0]
	for !s.bad {
		switch c := s.space(); c {
		case '{', '[':
			closing := c + 2 // in ASCII, for both
			open = append(open, closing)
			if s.begin(); s.space() != closing {
				if c == '{' {
					s.key()
				}
				continue
			}
		default:
			s.value()
		}
		// A value is complete. Close what ends behind it, and go on behind a comma.
		for s.space() == open[len(open)-1] {
			s.at++
			s.depth--
			if open = open[:len(open)-1]; len(open) == 0 {
				s.open = open
				return
			}
		}
		if !s.accept(",") {
			s.fail()
		} else if open[len(open)-1] == '}' {
			s.key()
		}
	}
}

// syntaxError returns what encoding/json says about params that the scanner could not read.
func syntaxError(params []byte) error {
	err := json.Unmarshal(params, new(json.RawMessage))
	if err == nil {
		err = errors.New("they are no JSON") // not reached: FuzzParsePost compares the two
	}
	return ParamsError(err)
}

// mistyped returns the error for a field with a value of another type; without a name, for the value that
// is being read.
func mistyped(field string, t token) error {
	if field == "" {
		field = "it"
	}
	return fmt.Errorf("%s is a JSON %s", field, t.kind)
}
