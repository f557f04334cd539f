package script

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// stringModule is string, without dump, and with bounds on what is made.
func stringModule() Module {
	doc := "Texts, as in Lua 5.1; also as methods: s:upper()."
	return Module{Name: "string", Doc: doc, Pure: true, Functions: []Function{
		{Name: "byte", Signature: "string.byte(s [, i [, j]]) -> number, ...",
			Doc: "Returns the bytes from i to j.", MinArgs: 1, MaxArgs: 3, Call: stringByte},
		{Name: "char", Signature: "string.char(number, ...) -> text",
			Doc: "Makes a text of bytes.", MaxArgs: -1, Call: stringChar},
		{Name: "find", Signature: "string.find(s, pattern [, start [, plain]]) -> first, last, captures...",
			Doc: "Finds a pattern of Lua.", MinArgs: 2, MaxArgs: 4, Call: find},
		{Name: "format", Signature: "string.format(format, ...) -> text",
			Doc:     "Formats values: %d %i %u %c %x %X %o %e %E %f %g %G %q %s %%.",
			MinArgs: 1, MaxArgs: -1, Call: format},
		{Name: "gmatch", Signature: "string.gmatch(s, pattern) -> iterator",
			Doc: "Goes through all matches of a pattern of Lua.", MinArgs: 2, MaxArgs: 2, Call: gmatch},
		{Name: "gsub", Signature: "string.gsub(s, pattern, replacement [, most]) -> text, count",
			Doc:     "Replaces the matches of a pattern of Lua, by a text, a table or a function.",
			MinArgs: 3, MaxArgs: 4, Call: gsub},
		{Name: "len", Signature: "string.len(s) -> number",
			Doc: "Returns the number of bytes.", MinArgs: 1, MaxArgs: 1, Call: stringLen},
		{Name: "lower", Signature: "string.lower(s) -> text",
			Doc: "Returns the text with A to Z as a to z.", MinArgs: 1, MaxArgs: 1, Call: stringLower},
		{Name: "match", Signature: "string.match(s, pattern [, start]) -> captures...",
			Doc:     "Returns the captures of a pattern of Lua, or the whole match; nil if there is none.",
			MinArgs: 2, MaxArgs: 3, Call: match},
		{Name: "rep", Signature: "string.rep(s, n) -> text",
			Doc: "Repeats a text.", MinArgs: 2, MaxArgs: 2, Call: stringRep},
		{Name: "reverse", Signature: "string.reverse(s) -> text",
			Doc: "Reverses the bytes.", MinArgs: 1, MaxArgs: 1, Call: stringReverse},
		{Name: "sub", Signature: "string.sub(s, i [, j]) -> text",
			Doc:     "Returns the bytes from i to j; negative ones count from the end.",
			MinArgs: 2, MaxArgs: 3, Call: stringSub},
		{Name: "upper", Signature: "string.upper(s) -> text",
			Doc: "Returns the text with a to z as A to Z.", MinArgs: 1, MaxArgs: 1, Call: stringUpper},
	}}
}

// span returns the part of a text from argument i to argument j, as indexes of Go.
func span(l *lua.LState, length, i, defI, j, defJ int) (start, end int) {
	start, end = optional(l, i, defI), optional(l, j, defJ)
	if start < 0 {
		start += length + 1
	}
	if end < 0 {
		end += length + 1
	}
	start, end = max(start, 1)-1, min(end, length)
	if start >= end {
		return 0, 0
	}
	return start, end
}

func stringByte(c *Call, l *lua.LState) int {
	s := l.CheckString(1)
	first := optional(l, 2, 1)
	start, end := span(l, len(s), 2, 1, 3, first)
	if end-start > maxUnpacked {
		return c.Raise(l, "string slice too long: more than %d bytes", maxUnpacked)
	}
	c.meter.charge(l, end-start)
	for i := start; i < end; i++ {
		l.Push(lua.LNumber(s[i]))
	}
	return end - start
}

func stringChar(c *Call, l *lua.LState) int {
	b := make([]byte, l.GetTop())
	for i := range b {
		n := integer(float64(l.CheckNumber(i + 1)))
		if n < 0 || n > 255 {
			return c.Raise(l, "bad argument #%d to char (invalid value)", i+1)
		}
		b[i] = byte(n)
	}
	return c.Push(l, string(b))
}

func stringLen(_ *Call, l *lua.LState) int {
	l.Push(lua.LNumber(len(l.CheckString(1))))
	return 1
}

func stringLower(c *Call, l *lua.LState) int {
	return mapBytes(c, l, func(b byte) byte {
		if b >= 'A' && b <= 'Z' {
			b |= 0x20
		}
		return b
	})
}

func stringUpper(c *Call, l *lua.LState) int {
	return mapBytes(c, l, func(b byte) byte {
		if b >= 'a' && b <= 'z' {
			b &^= 0x20
		}
		return b
	})
}

// mapBytes changes each byte, as Lua does where no language is set: other letters than those of
// ASCII stay.
func mapBytes(c *Call, l *lua.LState, f func(byte) byte) int {
	s := l.CheckString(1)
	c.meter.charge(l, len(s)/bytesAStep)
	b := []byte(s)
	for i := range b {
		b[i] = f(b[i])
	}
	l.Push(lua.LString(b))
	return 1
}

func stringRep(c *Call, l *lua.LState) int {
	s, n := l.CheckString(1), max(integer(float64(l.CheckNumber(2))), 0)
	if n > 0 && len(s) > c.Limits.StringBytes/n {
		return c.Raise(l, "text of %d times %d bytes; at most %d are allowed", n, len(s), c.Limits.StringBytes)
	}
	c.fits(l, len(s)*n)
	if s == "" {
		n = 0
	}
	l.Push(lua.LString(strings.Repeat(s, n)))
	return 1
}

func stringReverse(c *Call, l *lua.LState) int {
	s := l.CheckString(1)
	c.meter.charge(l, len(s)/bytesAStep)
	b := make([]byte, len(s))
	for i := range len(s) {
		b[len(s)-1-i] = s[i]
	}
	l.Push(lua.LString(b))
	return 1
}

func stringSub(_ *Call, l *lua.LState) int {
	s := l.CheckString(1)
	start, end := span(l, len(s), 2, 1, 3, -1)
	l.Push(lua.LString(s[start:end]))
	return 1
}
