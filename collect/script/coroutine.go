package script

import (
	"slices"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// primitives are the two functions of the Lua library that need its insides.
type primitives struct{ create, resume lua.LGFunction }

var coroutines = sync.OnceValue(func() primitives {
	l := lua.NewState(lua.Options{SkipOpenLibs: true, RegistrySize: 256, CallStackSize: 8})
	defer l.Close()
	lua.OpenCoroutine(l)
	table := l.GetGlobal(lua.CoroutineLibName).(*lua.LTable)
	function := func(name string) lua.LGFunction { return table.RawGetString(name).(*lua.LFunction).GFunction }
	return primitives{create: function("create"), resume: function("resume")}
})

func coroutineModule() Module {
	return Module{Name: "coroutine", Doc: "Coroutines, as in Lua 5.1.", Pure: true, Functions: []Function{
		{Name: "create", Signature: "coroutine.create(f) -> coroutine",
			Doc: "Makes a coroutine of a function.", MinArgs: 1, MaxArgs: 1, Call: createCoroutine},
		{Name: "resume", Signature: "coroutine.resume(co, ...) -> true, ... or false, message",
			Doc: "Starts a coroutine or goes on with it.", MinArgs: 1, MaxArgs: -1, Call: resumeCoroutine},
		{Name: "running", Signature: "coroutine.running() -> coroutine or nil",
			Doc: "Returns the coroutine that runs.", MaxArgs: 0, Call: runningCoroutine},
		{Name: "status", Signature: "coroutine.status(co) -> text",
			Doc: "Returns running, suspended, normal or dead.", MinArgs: 1, MaxArgs: 1, Call: coroutineStatus},
		{Name: "wrap", Signature: "coroutine.wrap(f) -> function",
			Doc:     "Returns a function that resumes a coroutine, and raises its errors.",
			MinArgs: 1, MaxArgs: 1, Call: wrapCoroutine},
		{Name: "yield", Signature: "coroutine.yield(...) -> ...",
			Doc: "Returns to whom resumed the coroutine.", MaxArgs: -1, Call: yieldCoroutine},
	}}
}

func createCoroutine(c *Call, l *lua.LState) int {
	if l.CheckFunction(1).IsG { // the Lua library loses their results
		return c.Raise(l, "a coroutine needs a function that is written in Lua")
	}
	if c.machine.alive >= maxCoroutines {
		return c.Raise(l, "more than %d coroutines that have not ended", maxCoroutines)
	}
	coroutines().create(l)
	th := l.Get(-1).(*lua.LState)
	th.SetContext(c.meter) // its own would be a child that counts nothing
	th.Panic = c.machine.panic
	c.machine.alive++
	return 1
}

func resumeCoroutine(c *Call, l *lua.LState) int {
	return c.machine.resume(l, l.CheckThread(1))
}

// resume resumes a coroutine with the arguments above it on the stack, and pushes true and its
// results, or false and an error.
func (m *machine) resume(l *lua.LState, th *lua.LState) int {
	switch {
	case th.Dead:
		return pushAll(l, lua.LFalse, lua.LString("cannot resume dead coroutine"))
	case m.finished[th]:
		return m.finish(l, th)
	case slices.Contains(m.resumed, th):
		// The Lua library would run its frames a second time, without end.
		return pushAll(l, lua.LFalse, "cannot resume "+m.status(th)+" coroutine")
	}
	m.nest(l)
	m.resumed = append(m.resumed, th)
	wasTracing := m.tracing
	m.tracing = false
	returned := false
	defer func() {
		m.tracing = wasTracing
		m.nested--
		m.resumed = m.resumed[:len(m.resumed)-1]
		m.call.meter.yielded()
		if th.Dead = th.Dead || !returned; th.Dead { // a yield that cannot be leaves a stack that nobody goes on with
			m.alive--
		} else if _, hasFrames := th.GetStack(0); !hasFrames {
			m.finished[th] = true
		}
	}()
	n := coroutines().resume(l)
	returned = true
	return n
}

// finish resumes a coroutine that ended with return coroutine.yield(...): the Lua library has
// removed its last call already. What it is resumed with is what it returns.
func (m *machine) finish(l *lua.LState, th *lua.LState) int {
	delete(m.finished, th)
	th.Dead = true
	m.alive--
	l.Remove(1)
	l.Insert(lua.LTrue, 1)
	return l.GetTop()
}

func runningCoroutine(c *Call, l *lua.LState) int {
	if n := len(c.machine.resumed); n > 0 {
		l.Push(c.machine.resumed[n-1])
	} else {
		l.Push(lua.LNil)
	}
	return 1
}

func coroutineStatus(c *Call, l *lua.LState) int {
	l.Push(c.machine.status(l.CheckThread(1)))
	return 1
}

func (m *machine) status(th *lua.LState) lua.LString {
	switch i := slices.Index(m.resumed, th); {
	case th.Dead:
		return "dead"
	case i < 0:
		return "suspended"
	case i == len(m.resumed)-1:
		return "running"
	}
	return "normal"
}

func wrapCoroutine(c *Call, l *lua.LState) int {
	createCoroutine(c, l)
	th := l.Get(-1).(*lua.LState)
	l.Push(l.NewFunction(func(l *lua.LState) int {
		l.Insert(th, 1)
		n := c.machine.resume(l, th)
		if l.Get(-n) == lua.LFalse {
			l.Error(l.Get(1-n), 0)
		}
		return n - 1
	}))
	return 1
}

func yieldCoroutine(c *Call, l *lua.LState) int {
	running := c.machine.resumed
	if len(running) == 0 || running[len(running)-1] != l {
		return c.Raise(l, "attempt to yield outside of a coroutine or across pcall")
	}
	c.meter.yield()
	return -1
}
