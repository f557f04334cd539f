package script

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// protected calls the function on the stack of l below nargs arguments, which it takes from there,
// and returns its results, or the value of the error.
//
// The call has a coroutine of its own. An error in the Lua library detaches the local variables of
// all calls of a coroutine from the functions that share them, also of those that go on after a
// pcall: a counter that is counted in a function would stand still from the first failed pcall on.
func (m *machine) protected(l *lua.LState, nargs int) (results []lua.LValue, failed lua.LValue) {
	m.nest(l)
	defer func() { m.nested-- }()
	th := m.thread(l)
	wasTracing := m.tracing
	m.tracing = false
	defer func() { m.tracing = wasTracing }()
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		results, failed = nil, lua.LString(truncate(fmt.Sprintf("internal error: %v", r)))
		if api, ok := r.(*lua.ApiError); ok {
			failed = api.Object
		}
	}()
	for i := l.GetTop() - nargs; i <= l.GetTop(); i++ {
		th.Push(l.Get(i))
	}
	l.SetTop(l.GetTop() - nargs - 1)
	th.Call(nargs, lua.MultRet)
	for i := range th.GetTop() {
		results = append(results, th.Get(i+1))
	}
	th.SetTop(0)
	m.spare = append(m.spare, th)
	return results, nil
}

// nest counts a coroutine or a protected call that begins within another. Each takes stack of Go,
// which has an end that no error of Lua can report.
func (m *machine) nest(l *lua.LState) {
	if m.nested >= maxNested {
		l.RaiseError("more than %d calls of pcall and coroutines in one another", maxNested)
	}
	m.nested++
}

// thread returns a coroutine with an empty stack, whose instructions count.
func (m *machine) thread(l *lua.LState) *lua.LState {
	if n := len(m.spare); n > 0 {
		th := m.spare[n-1]
		m.spare = m.spare[:n-1]
		return th
	}
	th, _ := l.NewThread()
	th.SetContext(m.call.meter)
	th.Panic = m.panic
	return th
}

func pcall(c *Call, l *lua.LState) int {
	results, failed := c.machine.protected(l, l.GetTop()-1)
	if failed != nil {
		return pushAll(l, lua.LFalse, failed)
	}
	l.Push(lua.LTrue)
	return 1 + pushAll(l, results...)
}

// xpcall calls the handler after the call that failed has ended: there is no debug library
// that could look at it.
func xpcall(c *Call, l *lua.LState) int {
	f, handler := l.Get(1), l.CheckFunction(2)
	l.SetTop(0)
	l.Push(f)
	results, failed := c.machine.protected(l, 0)
	if failed == nil {
		l.Push(lua.LTrue)
		return 1 + pushAll(l, results...)
	}
	l.Push(handler)
	l.Push(failed)
	results, failed = c.machine.protected(l, 1)
	if failed != nil {
		results = []lua.LValue{failed}
	}
	l.Push(lua.LFalse)
	return 1 + pushAll(l, results...)
}

func pushAll(l *lua.LState, values ...lua.LValue) int {
	for _, v := range values {
		l.Push(v)
	}
	return len(values)
}
