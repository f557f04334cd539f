package script

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// newMatcher returns a matcher whose steps count as instructions.
func (c *Call) newMatcher(l *lua.LState, text, pattern string) *matcher {
	return &matcher{text: text, pattern: pattern, spend: func(steps int) { c.meter.charge(l, steps) }}
}

// startOf returns the place in a text that the argument n says, which counts from 1, or back from
// the end if it is negative.
func startOf(l *lua.LState, n int, length int) int {
	start := optional(l, n, 1)
	if start < 0 {
		start += length + 1
	}
	return min(max(start, 1)-1, length)
}

func find(c *Call, l *lua.LState) int  { return findOrMatch(c, l, true) }
func match(c *Call, l *lua.LState) int { return findOrMatch(c, l, false) }

func findOrMatch(c *Call, l *lua.LState, find bool) int {
	text, pattern := l.CheckString(1), l.CheckString(2)
	start := startOf(l, 3, len(text))
	if find && (l.ToBool(4) || !strings.ContainsAny(pattern, "^$*+?.([%-")) {
		c.meter.charge(l, (len(text)-start)/bytesAStep)
		i := strings.Index(text[start:], pattern)
		if i < 0 {
			return pushAll(l, lua.LNil)
		}
		return pushAll(l, lua.LNumber(start+i+1), lua.LNumber(start+i+len(pattern)))
	}
	m := c.newMatcher(l, text, pattern)
	p := 0
	if strings.HasPrefix(pattern, "^") {
		p = 1
	}
	for s := start; s <= len(text); s++ {
		end, err := m.at(s, p)
		if err != nil {
			return c.Raise(l, "%s", err)
		}
		if end < 0 {
			if p == 1 {
				break
			}
			continue
		}
		m.settle()
		if !find {
			return c.pushCaptures(l, m, s, end, true)
		}
		l.Push(lua.LNumber(s + 1))
		l.Push(lua.LNumber(end))
		return 2 + c.pushCaptures(l, m, s, end, false)
	}
	m.settle()
	return pushAll(l, lua.LNil)
}

// pushCaptures pushes all captures of a match; whole: the whole match if there is none.
func (c *Call) pushCaptures(l *lua.LState, m *matcher, s, end int, whole bool) int {
	if len(m.captures) == 0 && whole {
		l.Push(lua.LString(m.text[s:end]))
		return 1
	}
	for i := range m.captures {
		l.Push(c.captured(l, m, i, s, end))
	}
	return len(m.captures)
}

// captured returns a capture; the first one of a pattern without captures is the whole match.
func (c *Call) captured(l *lua.LState, m *matcher, i, s, end int) lua.LValue {
	if i >= len(m.captures) {
		if i > 0 {
			c.Raise(l, "%s", errPatternCapture)
		}
		return lua.LString(m.text[s:end])
	}
	switch at := m.captures[i]; at.length {
	case captureOpen:
		c.Raise(l, "%s", errPatternOpen)
		return nil
	case capturePosition:
		return lua.LNumber(at.start + 1)
	default:
		return lua.LString(m.text[at.start : at.start+at.length])
	}
}

func gmatch(c *Call, l *lua.LState) int {
	text, pattern := l.CheckString(1), l.CheckString(2)
	next := 0
	iterate := func(c *Call, l *lua.LState) int {
		m := c.newMatcher(l, text, pattern)
		for s := next; s <= len(text); s++ {
			end, err := m.at(s, 0)
			if err != nil {
				return c.Raise(l, "%s", err)
			}
			if end < 0 {
				continue
			}
			m.settle()
			if next = end; end == s {
				next++
			}
			return c.pushCaptures(l, m, s, end, true)
		}
		m.settle()
		next = len(text) + 1
		return pushAll(l, lua.LNil)
	}
	l.Push(c.function(l, "string.gmatch", true, Function{Name: "iterator", MaxArgs: -1, Call: iterate}))
	return 1
}

func gsub(c *Call, l *lua.LState) int {
	text, pattern, most := l.CheckString(1), l.CheckString(2), optional(l, 4, len(l.CheckString(1))+1)
	switch l.Get(3).Type() {
	case lua.LTString, lua.LTNumber, lua.LTTable, lua.LTFunction:
	default:
		return c.Raise(l, "bad argument #3 to gsub (string, function or table expected)")
	}
	m := c.newMatcher(l, text, pattern)
	p := 0
	if strings.HasPrefix(pattern, "^") {
		p = 1
	}
	var b strings.Builder
	s, count := 0, 0
	for count < most {
		end, err := m.at(s, p)
		if err != nil {
			return c.Raise(l, "%s", err)
		}
		if end >= 0 {
			count++
			m.settle()
			b.WriteString(c.replacement(l, m, s, end))
		}
		switch {
		case end > s:
			s = end
		case s < len(text):
			b.WriteByte(text[s])
			s++
		default:
			s++ // the end
		}
		if b.Len() > c.Limits.StringBytes {
			c.fits(l, b.Len())
		}
		if s > len(text) || p == 1 {
			break
		}
	}
	if s < len(text) {
		b.WriteString(text[s:])
	}
	m.settle()
	n := c.Push(l, b.String())
	l.Push(lua.LNumber(count))
	return n + 1
}

// replacement returns what replaces a match.
func (c *Call) replacement(l *lua.LState, m *matcher, s, end int) string {
	var v lua.LValue
	switch with := l.Get(3).(type) {
	case *lua.LTable:
		v = l.GetTable(with, c.captured(l, m, 0, s, end))
	case *lua.LFunction:
		l.Push(with)
		n := c.pushCaptures(l, m, s, end, true)
		l.Call(n, 1)
		v = l.Get(-1)
		l.Pop(1)
	default:
		return c.expand(l, m, s, end, lua.LVAsString(with))
	}
	if lua.LVIsFalse(v) {
		return m.text[s:end]
	}
	if !lua.LVCanConvToString(v) {
		c.Raise(l, "invalid replacement value (a %s)", v.Type())
	}
	return lua.LVAsString(v)
}

// expand returns a text with %0 to %9 replaced by captures.
func (c *Call) expand(l *lua.LState, m *matcher, s, end int, with string) string {
	if !strings.Contains(with, "%") {
		return with
	}
	var b strings.Builder
	for i := 0; i < len(with); i++ {
		switch {
		case with[i] != '%':
			b.WriteByte(with[i])
		case i+1 >= len(with): // Lua 5.1 adds a zero byte
			c.Raise(l, "invalid use of '%%' at the end of a replacement")
		case !digit(with[i+1]):
			i++
			b.WriteByte(with[i])
		default:
			i++
			if with[i] == '0' {
				b.WriteString(m.text[s:end])
			} else {
				b.WriteString(lua.LVAsString(c.captured(l, m, int(with[i]-'1'), s, end)))
			}
			if b.Len() > c.Limits.StringBytes {
				c.fits(l, b.Len())
			}
		}
	}
	c.meter.charge(l, len(with)/bytesAStep)
	return b.String()
}
