package script

import (
	lua "github.com/yuin/gopher-lua"
)

// Object returns a value of Go as an object of Lua with methods, such as a connection:
// conn:send(text). Scripts see the kind as its metatable, and cannot change what the methods are.
// Each method gets the object as its first argument, for [Call.Receiver].
func (c *Call) Object(l *lua.LState, kind string, value any, methods []Function) lua.LValue {
	meta, ok := c.metas[kind]
	if !ok {
		table := l.CreateTable(0, len(methods))
		for _, f := range methods {
			table.RawSetString(f.Name, c.function(l, kind, false, f))
		}
		meta = l.CreateTable(0, 3)
		meta.RawSetString("__index", table)
		meta.RawSetString("__metatable", lua.LString(kind))
		meta.RawSetString("__tostring", l.NewFunction(func(l *lua.LState) int {
			l.Push(lua.LString(kind))
			return 1
		}))
		if c.metas == nil {
			c.metas = make(map[string]*lua.LTable)
		}
		c.metas[kind] = meta
	}
	object := l.NewUserData()
	object.Value, object.Metatable = value, meta
	return object
}

// Receiver returns the value of the object that is the first argument of a method. The type may be
// wrong, as scripts can call a method with another object: whoever asks asserts it. It raises an
// error if it is no object.
func (c *Call) Receiver(l *lua.LState) any { return l.CheckUserData(1).Value }
