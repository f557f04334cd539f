package transport

import "fmt"

// expect is what scan expects next.
type expect uint8

const (
	aValue      expect = iota
	aValueOrEnd        // just after [
	aKeyOrEnd          // just after {
	aKey               // after a comma in an object
	aColon
	aCommaOrEnd
)

// scan checks that b is one JSON value (RFC 8259) nested at most maxDepth deep, without recursion
// and without allocating. If the value is an object or a list, each is called for its members in
// order: the key with its quotes (nil in a list) and the value, both within b.
//
// With fixCommas, a comma before a closing bracket, as some endpoints write it, is overwritten with
// a space; otherwise it is an error. lineBreaks reports whether there is a line break between
// tokens.
func scan(b []byte, maxDepth int, fixCommas bool, each func(key, value []byte) error) (lineBreaks bool, err error) {
	var (
		objects  uint64 // bit n: the bracket opened at depth n+1 is an object
		depth    int
		want     = aValue
		comma    = -1 // index of the last comma, until something follows it
		key      []byte
		from     int // where the member's value begins
		complete bool
	)
	inObject := func() bool { return objects>>(depth-1)&1 == 1 }
	for i := 0; i < len(b); {
		c := b[i]
		switch c {
		case '\n', '\r':
			lineBreaks = true
			i++
			continue
		case ' ', '\t':
			i++
			continue
		}
		if complete {
			return lineBreaks, fmt.Errorf("byte %d: text after the value", i)
		}
		switch {
		case want == aColon:
			if c != ':' {
				return lineBreaks, fmt.Errorf("byte %d: missing colon after the key", i)
			}
			i++
			want = aValue
			continue
		case want == aCommaOrEnd && c == ',':
			comma = i
			i++
			want = aValue
			if inObject() {
				want = aKey
			}
			continue
		case c == '}' || c == ']':
			if depth == 0 || (c == '}') != inObject() {
				return lineBreaks, fmt.Errorf("byte %d: unexpected %q", i, c)
			}
			if comma >= 0 && (want == aKey || want == aValue) {
				if !fixCommas {
					return lineBreaks, fmt.Errorf("byte %d: trailing comma", comma)
				}
				b[comma] = ' '
			} else if want == aKey || want == aValue {
				return lineBreaks, fmt.Errorf("byte %d: missing value", i)
			}
			i++
			depth--
		case want == aCommaOrEnd:
			return lineBreaks, fmt.Errorf("byte %d: missing comma between two values", i)
		case want == aKey || want == aKeyOrEnd:
			if c != '"' {
				return lineBreaks, fmt.Errorf("byte %d: key is not a string", i)
			}
			end, err := scanString(b, i)
			if err != nil {
				return lineBreaks, err
			}
			if depth == 1 {
				key = b[i:end]
			}
			i, want, comma = end, aColon, -1
			continue
		case c == '{' || c == '[':
			if depth == maxDepth || depth == 64 {
				return lineBreaks, fmt.Errorf("byte %d: nested more than %d deep", i, maxDepth)
			}
			if depth == 1 {
				from = i
			}
			comma = -1
			objects &^= 1 << depth
			want = aValueOrEnd
			if c == '{' {
				objects |= 1 << depth
				want = aKeyOrEnd
			}
			depth++
			i++
			continue
		default:
			if depth == 1 {
				from = i
			}
			comma = -1
			end, err := scanScalar(b, i)
			if err != nil {
				return lineBreaks, err
			}
			i = end
		}
		// A value ended at i.
		want = aCommaOrEnd
		switch depth {
		case 0:
			complete = true
		case 1:
			if each != nil {
				if err := each(key, b[from:i]); err != nil {
					return lineBreaks, err
				}
			}
			key = nil
		}
	}
	if !complete {
		return lineBreaks, fmt.Errorf("byte %d: incomplete value", len(b))
	}
	return lineBreaks, nil
}

// scanScalar returns the end of the string, number or word that begins at i.
func scanScalar(b []byte, i int) (int, error) {
	switch c := b[i]; {
	case c == '"':
		return scanString(b, i)
	case c == '-' || isDigit(c):
		return scanNumber(b, i)
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if len(b)-i >= len(word) && string(b[i:i+len(word)]) == word {
			return i + len(word), nil
		}
	}
	return 0, fmt.Errorf("byte %d: not a JSON value", i)
}

// scanString returns the end of the string whose opening quote is at i.
func scanString(b []byte, i int) (int, error) {
	for j := i + 1; j < len(b); j++ {
		switch c := b[j]; {
		case c == '"':
			return j + 1, nil
		case c < ' ':
			return 0, fmt.Errorf("byte %d: control character in a string", j)
		case c == '\\':
			j++
			if j == len(b) {
				break
			}
			switch b[j] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for n := 0; n < 4; n++ {
					j++
					if j == len(b) || !isHex(b[j]) {
						return 0, fmt.Errorf("byte %d: invalid escape", j)
					}
				}
			default:
				return 0, fmt.Errorf("byte %d: invalid escape", j)
			}
		}
	}
	return 0, fmt.Errorf("byte %d: unterminated string", i)
}

// scanNumber returns the end of the number that begins at i.
func scanNumber(b []byte, i int) (int, error) {
	j := i
	at := func(c byte) bool { return j < len(b) && b[j] == c }
	digits := func() bool {
		from := j
		for j < len(b) && isDigit(b[j]) {
			j++
		}
		return j > from
	}
	if at('-') {
		j++
	}
	if at('0') {
		j++
	} else if !digits() {
		return 0, fmt.Errorf("byte %d: number without digits", i)
	}
	if at('.') {
		j++
		if !digits() {
			return 0, fmt.Errorf("byte %d: number without digits after its point", i)
		}
	}
	if at('e') || at('E') {
		j++
		if at('+') || at('-') {
			j++
		}
		if !digits() {
			return 0, fmt.Errorf("byte %d: number without digits in its exponent", i)
		}
	}
	return j, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
