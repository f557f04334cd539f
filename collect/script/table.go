package script

import (
	"sort"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// tableModule is table. The functions of the Lua library do their work in one instruction, whatever
// the size.
func tableModule() Module {
	return Module{Name: "table", Doc: "Lists, as in Lua 5.1.", Pure: true, Functions: []Function{
		{Name: "concat", Signature: "table.concat(list [, separator [, i [, j]]]) -> text",
			Doc: "Joins texts and numbers.", MinArgs: 1, MaxArgs: 4, Call: tableConcat},
		{Name: "getn", Signature: "table.getn(list) -> number",
			Doc: "The same as #list.", MinArgs: 1, MaxArgs: 1, Call: tableGetN},
		{Name: "insert", Signature: "table.insert(list, [position,] value)",
			Doc: "Inserts a value, at the end if no position is given.", MinArgs: 2, MaxArgs: 3, Call: tableInsert},
		{Name: "maxn", Signature: "table.maxn(table) -> number",
			Doc: "Returns the greatest key that is a number.", MinArgs: 1, MaxArgs: 1, Call: tableMaxN},
		{Name: "remove", Signature: "table.remove(list [, position]) -> value",
			Doc:     "Removes a value, the last one if no position is given.",
			MinArgs: 1, MaxArgs: 2, Call: tableRemove},
		{Name: "sort", Signature: "table.sort(list [, less])",
			Doc: "Sorts a list.", MinArgs: 1, MaxArgs: 2, Call: tableSort},
	}}
}

// valuesAStep is how many values of a list count as an instruction where a function moves them.
const valuesAStep = 8

func tableConcat(c *Call, l *lua.LState) int {
	t, separator := l.CheckTable(1), optionalText(l, 2)
	i, j := optional(l, 3, 1), optional(l, 4, t.Len())
	var b strings.Builder
	for k := i; k <= j; k++ {
		v := t.RawGet(lua.LNumber(k))
		if !lua.LVCanConvToString(v) {
			return c.Raise(l, "invalid value (a %s) at index %d in table for concat", v.Type(), k)
		}
		text := lua.LVAsString(v)
		if k > i {
			text = separator + text
		}
		if b.Len()+len(text) > c.Limits.StringBytes {
			c.fits(l, b.Len()+len(text))
		}
		b.WriteString(text)
		c.meter.charge(l, 1)
	}
	return c.Push(l, b.String())
}

func tableGetN(_ *Call, l *lua.LState) int {
	l.Push(lua.LNumber(l.CheckTable(1).Len()))
	return 1
}

func tableInsert(c *Call, l *lua.LState) int {
	t := l.CheckTable(1)
	n := t.Len()
	if n >= maxArrayIndex-1 {
		return c.Raise(l, "more than %d values in a list", maxArrayIndex-1)
	}
	at, value := n+1, l.Get(l.GetTop())
	if l.GetTop() == 3 {
		at = integer(float64(l.CheckNumber(2)))
	}
	if at < 1 || at > n {
		t.RawSet(lua.LNumber(at), value)
		return 0
	}
	c.meter.charge(l, (n-at)/valuesAStep)
	t.Insert(at, value)
	return 0
}

func tableMaxN(c *Call, l *lua.LState) int {
	t := l.CheckTable(1)
	most := lua.LNumber(t.MaxN())
	for k, _ := t.Next(lua.LNumber(t.MaxN())); k != lua.LNil; k, _ = t.Next(k) {
		c.meter.charge(l, 1)
		if n, ok := k.(lua.LNumber); ok {
			most = max(most, n)
		}
	}
	l.Push(most)
	return 1
}

func tableRemove(c *Call, l *lua.LState) int {
	t := l.CheckTable(1)
	n := t.Len()
	at := optional(l, 2, n)
	if at < 1 || at > n {
		return 0
	}
	c.meter.charge(l, (n-at)/valuesAStep)
	l.Push(t.Remove(at))
	return 1
}

// sorter sorts a copy: the function that compares may change the list meanwhile.
type sorter struct {
	c      *Call
	l      *lua.LState
	less   lua.LValue
	values []lua.LValue
}

func (s *sorter) Len() int      { return len(s.values) }
func (s *sorter) Swap(i, j int) { s.values[i], s.values[j] = s.values[j], s.values[i] }

func (s *sorter) Less(i, j int) bool {
	s.c.meter.charge(s.l, 1)
	if s.less == lua.LNil {
		return s.l.LessThan(s.values[i], s.values[j])
	}
	s.l.Push(s.less)
	s.l.Push(s.values[i])
	s.l.Push(s.values[j])
	s.l.Call(2, 1)
	less := s.l.ToBool(-1)
	s.l.Pop(1)
	return less
}

func tableSort(c *Call, l *lua.LState) int {
	t := l.CheckTable(1)
	if l.Get(2) != lua.LNil {
		l.CheckFunction(2)
	}
	s := &sorter{c: c, l: l, less: l.Get(2), values: make([]lua.LValue, t.Len())}
	c.meter.charge(l, len(s.values)/valuesAStep)
	for i := range s.values {
		s.values[i] = t.RawGetInt(i + 1)
	}
	sort.Sort(s)
	for i, v := range s.values {
		t.RawSetInt(i+1, v)
	}
	return 0
}
