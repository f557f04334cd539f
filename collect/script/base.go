package script

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// baseModule has the functions of the language itself. They are written here, and not chosen from
// the Lua library's: those read files, load code, run the garbage collector and print.
func baseModule() Module {
	return Module{Doc: "The functions of Lua 5.1 itself.", Pure: true, Functions: []Function{
		{Name: "assert", Signature: "assert(value [, message]) -> value, ...",
			Doc: "Raises an error if the value is nil or false.", MinArgs: 1, MaxArgs: -1, Call: assert},
		{Name: "error", Signature: "error(value [, level])",
			Doc:     "Raises an error. Level 2 blames the caller of the function, 0 nobody.",
			MinArgs: 0, MaxArgs: 2, Call: raise},
		{Name: "getmetatable", Signature: "getmetatable(value) -> table or nil",
			Doc: "Returns the metatable, or what its __metatable is.", MinArgs: 1, MaxArgs: 1, Call: getMetatable},
		{Name: "ipairs", Signature: "ipairs(table) -> iterator",
			Doc:     "Goes through the keys 1, 2, 3 and so on, to the first that is nil.",
			MinArgs: 1, MaxArgs: 1, Call: ipairs},
		{Name: "next", Signature: "next(table [, key]) -> key, value",
			Doc: "Returns the next key and its value; nil after the last.", MinArgs: 1, MaxArgs: 2, Call: next},
		{Name: "pairs", Signature: "pairs(table) -> iterator",
			Doc: "Goes through all keys.", MinArgs: 1, MaxArgs: 1, Call: pairs},
		{Name: "pcall", Signature: "pcall(f, ...) -> true, ... or false, message",
			Doc: "Calls a function and returns its error.", MinArgs: 1, MaxArgs: -1, Call: pcall},
		{Name: "rawequal", Signature: "rawequal(a, b) -> boolean",
			Doc: "Compares without metamethods.", MinArgs: 2, MaxArgs: 2, Call: rawEqual},
		{Name: "rawget", Signature: "rawget(table, key) -> value",
			Doc: "Reads without metamethods.", MinArgs: 2, MaxArgs: 2, Call: rawGet},
		{Name: "rawset", Signature: "rawset(table, key, value) -> table",
			Doc: "Writes without metamethods.", MinArgs: 3, MaxArgs: 3, Call: rawSet},
		{Name: "require", Signature: `require("lib.NAME") -> value`,
			Doc:     "Runs lib/NAME.lua of the same folder or bundle once, and returns what it returns.",
			MinArgs: 1, MaxArgs: 1, Call: require},
		{Name: "select", Signature: `select(n, ...) -> ...`,
			Doc:     `Returns the arguments from the nth on; their number for "#".`,
			MinArgs: 1, MaxArgs: -1, Call: selectFrom},
		{Name: "setmetatable", Signature: "setmetatable(table, metatable) -> table",
			Doc: "Sets the metatable of a table.", MinArgs: 2, MaxArgs: 2, Call: setMetatable},
		{Name: "tonumber", Signature: "tonumber(value [, base]) -> number or nil",
			Doc: "Reads a number.", MinArgs: 1, MaxArgs: 2, Call: toNumber},
		{Name: "tostring", Signature: "tostring(value) -> text",
			Doc: "Writes a value as text.", MinArgs: 1, MaxArgs: 1, Call: toString},
		{Name: "type", Signature: "type(value) -> text",
			Doc:     "Returns nil, boolean, number, string, table, function, thread or userdata.",
			MinArgs: 1, MaxArgs: 1, Call: typeOf},
		{Name: "unpack", Signature: "unpack(table [, i [, j]]) -> ...",
			Doc: "Returns the values of a table.", MinArgs: 1, MaxArgs: 3, Call: unpack},
		{Name: "xpcall", Signature: "xpcall(f, handler) -> true, ... or false, handler's result",
			Doc: "Calls a function, and the handler with its error.", MinArgs: 2, MaxArgs: 2, Call: xpcall},
	}, Constants: []Constant{{Name: "_VERSION", Doc: "Lua 5.1", Value: lua.LString(lua.LuaVersion)}}}
}

func assert(c *Call, l *lua.LState) int {
	if l.ToBool(1) {
		return l.GetTop()
	}
	if l.GetTop() < 2 {
		return c.Raise(l, "assertion failed!")
	}
	l.Error(l.Get(2), 0)
	return 0
}

// raise is error. In the Lua library level 2 means the same as level 1.
func raise(_ *Call, l *lua.LState) int {
	value, level := l.Get(1), l.OptInt(2, 1)
	if text, ok := value.(lua.LString); ok && level > 0 {
		value = lua.LString(where(l, level)) + text
	}
	l.Error(value, 0)
	return 0
}

func getMetatable(_ *Call, l *lua.LState) int {
	l.Push(l.GetMetatable(l.Get(1)))
	return 1
}

func setMetatable(c *Call, l *lua.LState) int {
	table := l.CheckTable(1)
	l.CheckTypes(2, lua.LTNil, lua.LTTable)
	if old, ok := table.Metatable.(*lua.LTable); ok && old.RawGetString("__metatable") != lua.LNil {
		return c.Raise(l, "cannot change a protected metatable")
	}
	table.Metatable = l.Get(2)
	l.SetTop(1)
	return 1
}

func ipairs(c *Call, l *lua.LState) int {
	return pushAll(l, c.machine.step, l.CheckTable(1), lua.LNumber(0))
}

// ipairsStep is the iterator that ipairs returns.
func ipairsStep(_ *Call, l *lua.LState) int {
	i := l.CheckInt(2) + 1
	v := l.CheckTable(1).RawGet(lua.LNumber(i))
	if v == lua.LNil {
		return pushAll(l, v)
	}
	return pushAll(l, lua.LNumber(i), v)
}

func pairs(c *Call, l *lua.LState) int {
	return pushAll(l, c.machine.next, l.CheckTable(1), lua.LNil)
}

func next(_ *Call, l *lua.LState) int {
	table := l.CheckTable(1)
	key, value := table.Next(l.Get(2))
	if key == lua.LNil {
		return pushAll(l, key)
	}
	return pushAll(l, key, value)
}

func rawEqual(_ *Call, l *lua.LState) int {
	l.Push(lua.LBool(l.RawEqual(l.Get(1), l.Get(2))))
	return 1
}

func rawGet(_ *Call, l *lua.LState) int {
	l.Push(l.CheckTable(1).RawGet(l.Get(2)))
	return 1
}

func rawSet(_ *Call, l *lua.LState) int {
	l.RawSet(l.CheckTable(1), l.Get(2), l.Get(3))
	l.SetTop(1)
	return 1
}

func selectFrom(c *Call, l *lua.LState) int {
	count := l.GetTop() - 1
	if l.Get(1) == lua.LString("#") {
		l.Push(lua.LNumber(count))
		return 1
	}
	n := integer(float64(l.CheckNumber(1)))
	if n < 0 {
		n += count + 1
	}
	if n < 1 {
		return c.Raise(l, "bad argument #1 to select (index out of range)")
	}
	return max(count-n+1, 0)
}

// integer returns a number without its fraction, and within the range of what this package counts with.
func integer(f float64) int {
	const most = 1 << 53
	if math.IsNaN(f) {
		return 0
	}
	return int(math.Trunc(min(max(f, -most), most)))
}

func toNumber(c *Call, l *lua.LState) int {
	base := 10
	if l.Get(2) != lua.LNil {
		base = integer(float64(l.CheckNumber(2)))
	}
	if base < 2 || base > 36 {
		return c.Raise(l, "bad argument #2 to tonumber (base out of range)")
	}
	l.Push(lua.LNil)
	switch v := l.Get(1).(type) {
	case lua.LNumber:
		l.Push(v)
	case lua.LString:
		if f, ok := parseNumber(string(v), base); ok {
			l.Push(lua.LNumber(f))
		}
	}
	return 1
}

// maxDigits is the length of the longest text that is read as a number.
const maxDigits = 200

// parseNumber reads a number as Lua 5.1 does: blanks around it, hexadecimal with 0x, an exponent.
func parseNumber(text string, base int) (float64, bool) {
	text = strings.Trim(text, " \t\n\v\f\r")
	if text == "" || len(text) > maxDigits {
		return 0, false
	}
	digits, sign := text, 1.0
	if digits[0] == '-' || digits[0] == '+' {
		if digits[0] == '-' {
			sign = -1
		}
		digits = digits[1:]
	}
	hexadecimal := len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x'
	if hexadecimal && (base == 10 || base == 16) {
		digits, base = digits[2:], 16
	}
	if base != 10 {
		return wholeNumber(digits, sign, base)
	}
	// strconv also reads inf, nan, hexadecimal fractions and 1_000.
	if strings.Trim(digits, "0123456789.eE+-") != "" || digits == "" || digits[0] == '-' || digits[0] == '+' {
		return 0, false
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return sign * f, true
}

func wholeNumber(digits string, sign float64, base int) (float64, bool) {
	n, err := strconv.ParseUint(digits, base, 64)
	if err != nil || digits[0] == '+' || digits[0] == '_' {
		return 0, false
	}
	return sign * float64(n), true
}

func toString(_ *Call, l *lua.LState) int {
	l.Push(l.ToStringMeta(l.Get(1)))
	return 1
}

func typeOf(_ *Call, l *lua.LState) int {
	l.Push(lua.LString(l.Get(1).Type().String()))
	return 1
}

func unpack(c *Call, l *lua.LState) int {
	table := l.CheckTable(1)
	i, j := optional(l, 2, 1), optional(l, 3, table.Len())
	if i > j {
		return 0
	}
	if j-i >= maxUnpacked {
		return c.Raise(l, "too many results to unpack: more than %d", maxUnpacked)
	}
	c.meter.charge(l, j-i)
	for k := i; k <= j; k++ {
		l.Push(table.RawGet(lua.LNumber(k)))
	}
	return j - i + 1
}

// optional returns a whole number, or def if there is no such argument.
func optional(l *lua.LState, n, def int) int {
	if l.Get(n) == lua.LNil {
		return def
	}
	return integer(float64(l.CheckNumber(n)))
}
