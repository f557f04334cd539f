package script

import "errors"

// Errors of a pattern.
var (
	errPatternEnd     = errors.New("malformed pattern (ends with '%')")
	errPatternSet     = errors.New("malformed pattern (missing ']')")
	errPatternBalance = errors.New("malformed pattern (missing arguments to '%b')")
	errPatternFront   = errors.New("malformed pattern (missing '[' after '%f')")
	errPatternCapture = errors.New("invalid capture index")
	errPatternClose   = errors.New("invalid pattern capture")
	errPatternMany    = errors.New("too many captures")
	errPatternDeep    = errors.New("pattern too complex")
	errPatternOpen    = errors.New("unfinished capture")
)

// Lengths of a capture that is no text.
const (
	captureOpen     = -1
	capturePosition = -2
)

type capture struct{ start, length int }

// matcher matches a pattern of Lua 5.1 (section 5.4.1 of its manual) against a text. What repeats a
// single character is a loop; only what must try the rest of the pattern again calls itself, so
// that its depth is bounded by the pattern. Each character that it looks at is a step.
type matcher struct {
	text, pattern string
	captures      []capture
	depth         int
	steps         int
	// spend is called with the steps of now and then; it does not return when there were too many.
	spend func(steps int)
}

// stepsAtOnce is how many steps are spent at a time.
const stepsAtOnce = 4096

// at matches the pattern at one place of the text. It returns the end of the match, or -1.
func (m *matcher) at(s, p int) (int, error) {
	m.captures = m.captures[:0]
	m.depth = 0
	return m.match(s, p)
}

func (m *matcher) step() {
	if m.steps++; m.steps >= stepsAtOnce {
		m.settle()
	}
}

// settle spends the steps that are not spent yet.
func (m *matcher) settle() {
	steps := m.steps
	m.steps = 0
	m.spend(steps)
}

func (m *matcher) match(s, p int) (int, error) {
	if m.depth++; m.depth > maxPatternItems {
		return -1, errPatternDeep
	}
	defer func() { m.depth-- }()
	for p < len(m.pattern) {
		m.step()
		switch m.pattern[p] {
		case '(':
			if p+1 < len(m.pattern) && m.pattern[p+1] == ')' {
				return m.open(s, p+2, capturePosition)
			}
			return m.open(s, p+1, captureOpen)
		case ')':
			return m.close(s, p+1)
		case '$':
			if p+1 == len(m.pattern) {
				if s == len(m.text) {
					return s, nil
				}
				return -1, nil
			}
		case '%':
			if p+1 >= len(m.pattern) {
				return -1, errPatternEnd
			}
			next, end, special, err := m.special(s, p)
			if special {
				if err != nil || end < 0 {
					return -1, err
				}
				s, p = end, next
				continue
			}
		}
		end, err := m.itemEnd(p)
		if err != nil {
			return -1, err
		}
		var repeat byte
		if end < len(m.pattern) {
			repeat = m.pattern[end]
		}
		switch repeat {
		case '*':
			return m.most(s, p, end, 0)
		case '+':
			return m.most(s, p, end, 1)
		case '-':
			return m.least(s, p, end)
		case '?':
			if m.single(s, p, end) {
				if e, err := m.match(s+1, end+1); e >= 0 || err != nil {
					return e, err
				}
			}
			p = end + 1
		default:
			if !m.single(s, p, end) {
				return -1, nil
			}
			s, p = s+1, end
		}
	}
	return s, nil
}

// special matches %b, %f and the captures %1 to %9. It returns the rest of the pattern, and the end
// of the match or -1.
func (m *matcher) special(s, p int) (next, end int, special bool, err error) {
	switch c := m.pattern[p+1]; {
	case c == 'b':
		if p+3 >= len(m.pattern) {
			return 0, -1, true, errPatternBalance
		}
		return p + 4, m.balanced(s, m.pattern[p+2], m.pattern[p+3]), true, nil
	case c == 'f':
		p += 2
		if p >= len(m.pattern) || m.pattern[p] != '[' {
			return 0, -1, true, errPatternFront
		}
		e, err := m.itemEnd(p)
		if err != nil {
			return 0, -1, true, err
		}
		var before, here byte
		if s > 0 {
			before = m.text[s-1]
		}
		if s < len(m.text) {
			here = m.text[s]
		}
		if m.inSet(before, p, e-1) || !m.inSet(here, p, e-1) {
			return e, -1, true, nil
		}
		return e, s, true, nil
	case c >= '0' && c <= '9':
		i := int(c) - '1'
		if i < 0 || i >= len(m.captures) || m.captures[i].length == captureOpen {
			return 0, -1, true, errPatternCapture
		}
		c := m.captures[i]
		if c.length == capturePosition { // Lua 5.1 compares as many bytes as there are at most: none are equal
			return p + 2, -1, true, nil
		}
		m.steps += c.length
		if len(m.text)-s < c.length || m.text[c.start:c.start+c.length] != m.text[s:s+c.length] {
			return p + 2, -1, true, nil
		}
		return p + 2, s + c.length, true, nil
	}
	return 0, 0, false, nil
}

func (m *matcher) balanced(s int, open, shut byte) int {
	if s >= len(m.text) || m.text[s] != open {
		return -1
	}
	depth := 1
	for s++; s < len(m.text); s++ {
		m.step()
		switch c := m.text[s]; {
		case c == shut:
			if depth--; depth == 0 {
				return s + 1
			}
		case c == open:
			depth++
		}
	}
	return -1
}

// most matches as many characters as the item takes, then fewer, until the rest of the pattern matches.
func (m *matcher) most(s, p, end, least int) (int, error) {
	n := 0
	for m.single(s+n, p, end) {
		n++
		m.step()
	}
	for ; n >= least; n-- {
		if e, err := m.match(s+n, end+1); e >= 0 || err != nil {
			return e, err
		}
	}
	return -1, nil
}

// least matches no character, then more, until the rest of the pattern matches.
func (m *matcher) least(s, p, end int) (int, error) {
	for {
		if e, err := m.match(s, end+1); e >= 0 || err != nil {
			return e, err
		}
		if !m.single(s, p, end) {
			return -1, nil
		}
		s++
	}
}

func (m *matcher) open(s, p, what int) (int, error) {
	if len(m.captures) >= maxCaptures {
		return -1, errPatternMany
	}
	n := len(m.captures)
	m.captures = append(m.captures, capture{s, what})
	e, err := m.match(s, p)
	if e < 0 {
		m.captures = m.captures[:n]
	}
	return e, err
}

func (m *matcher) close(s, p int) (int, error) {
	i := len(m.captures) - 1
	for i >= 0 && m.captures[i].length != captureOpen {
		i--
	}
	if i < 0 {
		return -1, errPatternClose
	}
	m.captures[i].length = s - m.captures[i].start
	e, err := m.match(s, p)
	if e < 0 {
		m.captures[i].length = captureOpen
	}
	return e, err
}

// itemEnd returns where the single character class ends that begins at p.
func (m *matcher) itemEnd(p int) (int, error) {
	c := m.pattern[p]
	p++
	switch c {
	case '%':
		if p >= len(m.pattern) {
			return 0, errPatternEnd
		}
		return p + 1, nil
	case '[':
		if p < len(m.pattern) && m.pattern[p] == '^' {
			p++
		}
		for first := true; first || p >= len(m.pattern) || m.pattern[p] != ']'; first = false {
			if p >= len(m.pattern) {
				return 0, errPatternSet
			}
			m.step()
			p++
			if m.pattern[p-1] == '%' {
				if p >= len(m.pattern) {
					return 0, errPatternSet
				}
				p++
			}
		}
		return p + 1, nil
	}
	return p, nil
}

// single reports whether the character at s is of the class from p to end.
func (m *matcher) single(s, p, end int) bool {
	if s >= len(m.text) {
		return false
	}
	switch m.pattern[p] {
	case '.':
		return true
	case '%':
		return inClass(m.text[s], m.pattern[p+1])
	case '[':
		return m.inSet(m.text[s], p, end-1)
	}
	return m.pattern[p] == m.text[s]
}

// inSet reports whether a character is in the set from p, where [ is, to end, where ] is.
func (m *matcher) inSet(c byte, p, end int) bool {
	found := true
	if m.pattern[p+1] == '^' {
		found = false
		p++
	}
	for p++; p < end; p++ {
		m.step()
		switch {
		case m.pattern[p] == '%':
			p++
			if inClass(c, m.pattern[p]) {
				return found
			}
		case p+2 < end && m.pattern[p+1] == '-':
			if m.pattern[p] <= c && c <= m.pattern[p+2] {
				return found
			}
			p += 2
		case m.pattern[p] == c:
			return found
		}
	}
	return !found
}

// inClass reports whether a character is of a class: that of a letter after %, or the character itself.
func inClass(c, class byte) bool {
	var is bool
	switch class | 0x20 {
	case 'a':
		is = letter(c)
	case 'c':
		is = c < 0x20 || c == 0x7f
	case 'd':
		is = digit(c)
	case 'l':
		is = c >= 'a' && c <= 'z'
	case 'p':
		is = c > 0x20 && c < 0x7f && !letter(c) && !digit(c)
	case 's':
		is = c == ' ' || c >= '\t' && c <= '\r'
	case 'u':
		is = c >= 'A' && c <= 'Z'
	case 'w':
		is = letter(c) || digit(c)
	case 'x':
		is = digit(c) || c|0x20 >= 'a' && c|0x20 <= 'f'
	case 'z':
		is = c == 0
	default:
		return class == c
	}
	return is == (class >= 'a')
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
