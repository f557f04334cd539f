package api

import (
	"fmt"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// options are those that a script passes in a table. A name that the function does not know is the
// script's mistake, as is a value of another kind: both raise an error of Lua.
type options struct {
	l   *lua.LState
	arg int
	t   *lua.LTable // nil: none was passed
}

// optionsAt returns the table at an argument.
func optionsAt(l *lua.LState, arg int, known ...string) options {
	o := options{l: l, arg: arg, t: l.OptTable(arg, nil)}
	if o.t == nil {
		return o
	}
	o.t.ForEach(func(key, _ lua.LValue) {
		if name, ok := key.(lua.LString); !ok || !slices.Contains(known, string(name)) {
			l.ArgError(arg, fmt.Sprintf("unknown option %q; there are %s", shown(key), strings.Join(known, ", ")))
		}
	})
	return o
}

// shown returns a value as errors name it; of a table it says no more than that.
func shown(v lua.LValue) string {
	const maxShown = 64
	s := v.Type().String()
	switch v.Type() {
	case lua.LTString, lua.LTNumber, lua.LTBool:
		s = v.String()
	}
	if len(s) > maxShown {
		s = s[:maxShown]
	}
	return s
}

func (o options) get(name string) lua.LValue {
	if o.t == nil {
		return lua.LNil
	}
	return o.t.RawGetString(name)
}

func (o options) wrong(name, want string) {
	o.l.ArgError(o.arg, fmt.Sprintf("option %s: want %s, got %s", name, want, o.get(name).Type()))
}

func (o options) has(name string) bool { return o.get(name) != lua.LNil }

func (o options) text(name, otherwise string) string {
	switch v := o.get(name).(type) {
	case *lua.LNilType:
		return otherwise
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return v.String()
	}
	o.wrong(name, "a text")
	return ""
}

func (o options) flag(name string, otherwise bool) bool {
	switch v := o.get(name).(type) {
	case *lua.LNilType:
		return otherwise
	case lua.LBool:
		return bool(v)
	}
	o.wrong(name, "true or false")
	return false
}

// count returns a whole number from 0 to most.
func (o options) count(name string, otherwise, most int) int {
	v, ok := o.get(name).(lua.LNumber)
	switch {
	case !o.has(name):
		return otherwise
	case !ok:
		o.wrong(name, "a number")
	case v != lua.LNumber(int(v)) || v < 0 || int(v) > most:
		o.l.ArgError(o.arg, fmt.Sprintf("option %s: want a whole number from 0 to %d", name, most))
	}
	return int(v)
}

// seconds returns a span of time, at most the longest.
func (o options) seconds(name string, otherwise, longest time.Duration) time.Duration {
	v, ok := o.get(name).(lua.LNumber)
	switch {
	case !o.has(name):
		return otherwise
	case !ok:
		o.wrong(name, "a number of seconds")
	case !(v > 0):
		o.l.ArgError(o.arg, fmt.Sprintf("option %s: want more than 0 seconds", name))
	case float64(v) >= longest.Seconds():
		return longest
	}
	return time.Duration(float64(v) * float64(time.Second))
}

// table returns a table, or nil.
func (o options) table(name string) *lua.LTable {
	if !o.has(name) {
		return nil
	}
	t, ok := o.get(name).(*lua.LTable)
	if !ok {
		o.wrong(name, "a table")
	}
	return t
}

// pairs calls f for each member of a table of texts by name, in the order of the names.
func (o options) pairs(name string, f func(key, value string)) {
	t := o.table(name)
	if t == nil {
		return
	}
	members := make(map[string]string)
	t.ForEach(func(key, value lua.LValue) {
		k, ok := key.(lua.LString)
		if _, number := value.(lua.LNumber); !ok || !number && value.Type() != lua.LTString {
			o.l.ArgError(o.arg, fmt.Sprintf("option %s: want texts by name", name))
		}
		members[string(k)] = value.String()
	})
	for _, key := range sortedKeys(members) {
		f(key, members[key])
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// texts returns the list of texts at an argument.
func texts(l *lua.LState, arg, most int) []string {
	t := l.OptTable(arg, nil)
	if t == nil {
		return nil
	}
	if t.Len() > most {
		l.ArgError(arg, fmt.Sprintf("more than %d texts", most))
	}
	list := make([]string, 0, t.Len())
	for i := 1; i <= t.Len(); i++ {
		v := t.RawGetInt(i)
		if v.Type() != lua.LTString && v.Type() != lua.LTNumber {
			l.ArgError(arg, fmt.Sprintf("want a list of texts; number %d is a %s", i, v.Type()))
		}
		list = append(list, v.String())
	}
	return list
}
