package script

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// prepare sets what the Lua library has for the whole process, before the first state is made.
var prepare = sync.OnceFunc(func() { lua.MaxArrayIndex = maxArrayIndex })

// machine is the Lua state of one check: nothing of it is seen by another.
type machine struct {
	call    *Call
	l       *lua.LState
	globals *lua.LTable
	source  *program
	loading bool // the chunk runs, and not the check
	loaded  map[string]lua.LValue
	// resumed are the coroutines that run, each resumed by the one before it. nested counts them
	// and the protected calls.
	resumed  []*lua.LState
	nested   int
	alive    int // coroutines that have not ended
	finished map[*lua.LState]bool
	spare    []*lua.LState
	tracing  bool // the error that is raised next gets a traceback
	trace    string
	step     *lua.LFunction // the iterator of ipairs
	next     *lua.LFunction // and of pairs
	declared *lua.LTable
	random   *rand.Rand
}

// newMachine returns a state that has the functions which scripts may have, and no others: they are
// put in one by one, and nothing of the Lua library's own libraries is opened.
func newMachine(c *Call, source *program, modules []Module) *machine {
	prepare()
	l := lua.NewState(lua.Options{
		CallStackSize:    callDepth,
		RegistrySize:     256,
		RegistryGrowStep: 256,
		RegistryMaxSize:  maxRegisters,
		SkipOpenLibs:     true,
	})
	m := &machine{
		call: c, l: l, source: source,
		globals:  l.Get(lua.GlobalsIndex).(*lua.LTable),
		loaded:   make(map[string]lua.LValue),
		finished: make(map[*lua.LState]bool),
		tracing:  true,
		random:   rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())),
	}
	c.machine = m
	l.SetContext(c.meter)
	l.Panic = m.panic
	for _, mod := range slices.Concat(Language(), modules) {
		m.add(mod)
	}
	m.step = c.function(l, "", true,
		Function{Name: "ipairs", Signature: "iterator", MinArgs: 2, MaxArgs: 2, Call: ipairsStep})
	m.next = m.globals.RawGetString("next").(*lua.LFunction)
	texts := l.CreateTable(0, 2)
	texts.RawSetString("__index", m.globals.RawGetString("string"))
	texts.RawSetString("__metatable", lua.LString("string"))
	l.SetMetatable(lua.LString(""), texts)
	return m
}

// add puts the functions of a module into the state.
func (m *machine) add(mod Module) {
	table := m.globals
	if mod.Name != "" {
		table = m.l.CreateTable(0, len(mod.Functions)+len(mod.Constants))
		m.globals.RawSetString(mod.Name, table)
	}
	for _, f := range mod.Functions {
		table.RawSetString(f.Name, m.call.function(m.l, mod.Name, mod.Pure, f))
	}
	for _, k := range mod.Constants {
		table.RawSetString(k.Name, k.Value)
	}
}

// function returns a function as a value of Lua.
func (c *Call) function(l *lua.LState, module string, pure bool, f Function) *lua.LFunction {
	name := f.Name
	if module != "" {
		name = module + "." + f.Name
	}
	return l.NewFunction(func(l *lua.LState) int {
		c.meter.charge(l, 1) // also where functions call one another without an instruction
		if !pure && c.machine != nil && c.machine.loading {
			c.Raise(l, "%s can be used in run only, not while the file is loaded", name)
		}
		if n := l.GetTop(); n < f.MinArgs || f.MaxArgs >= 0 && n > f.MaxArgs {
			c.Raise(l, "%s got %s: %s", name, plural(n, "argument"), f.Signature)
		}
		return f.Call(c, l)
	})
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// panic raises the value on top of the stack, as each error of Lua is raised.
func (m *machine) panic(l *lua.LState) {
	if m.tracing {
		m.tracing = false
		m.trace = m.traceback(l)
	}
	value := l.Get(-1)
	if text, ok := value.(lua.LString); ok {
		value = lua.LString(explain(l, string(text)))
	}
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: value})
}

// traceback lists the calls that are under way.
func (m *machine) traceback(l *lua.LState) string {
	var b strings.Builder
	for level := 0; level < maxTraceback; level++ {
		d, ok := l.GetStack(level)
		if !ok {
			break
		}
		if _, err := l.GetInfo("Sln", d, lua.LNil); err != nil || d.CurrentLine < 0 {
			continue
		}
		name := d.Name
		if d.What == "main" {
			name = "the file"
		}
		fmt.Fprintf(&b, "%s:%d: in %s\n", d.Source, d.CurrentLine, name)
	}
	return b.String()
}

// guarded calls f, which may run Lua, with the clock. It returns the error that f raises, and why
// the meter ended the script, also where a pcall held that off until the end. The state is not
// used after an error.
func (m *machine) guarded(f func()) (err error) {
	m.call.meter.start()
	defer m.call.meter.stop()
	defer func() {
		if r := recover(); r != nil {
			err = m.failure(r)
		}
		if m.call.meter.cause != nil {
			err = m.cause()
		}
	}()
	f()
	return nil
}

// invoke calls a function in the main coroutine and returns its results.
func (m *machine) invoke(f lua.LValue, args ...lua.LValue) (results []lua.LValue) {
	m.l.Push(f)
	for _, a := range args {
		m.l.Push(a)
	}
	m.l.Call(len(args), lua.MultRet)
	for i := range m.l.GetTop() {
		results = append(results, m.l.Get(i+1))
	}
	m.l.SetTop(0)
	return results
}

// cause returns why the meter ended the script, with the place where it was.
func (m *machine) cause() error {
	var e *Error
	if !errors.As(m.call.meter.cause, &e) || e.File != "" {
		return m.call.meter.cause
	}
	at := *e
	at.Traceback = m.trace
	if at.File, at.Line, _ = m.place(m.trace); at.File == "" {
		at.File = m.source.file
	}
	return &at
}

// failure returns what was recovered as an *Error.
func (m *machine) failure(r any) error {
	api, ok := r.(*lua.ApiError)
	if !ok { // a mistake of the Lua library or of a module
		text := truncate(fmt.Sprintf("internal error: %v", r))
		return &Error{Kind: KindError, File: m.source.file, Text: text, Traceback: m.trace}
	}
	e := &Error{Kind: KindError, Traceback: m.trace}
	switch v := api.Object.(type) {
	case lua.LString:
		e.File, e.Line, e.Text = m.place(string(v))
	case lua.LNumber:
		e.Text = v.String()
	default:
		e.Text = "error of type " + v.Type().String()
		if t, ok := v.(*lua.LTable); ok {
			if s, ok := t.RawGetString("message").(lua.LString); ok {
				e.Text = string(s)
			}
		}
	}
	e.Text = truncate(e.Text)
	if e.File == "" {
		e.File = m.source.file
	}
	return e
}

// position is compiled when it is first needed: every start of virgo would take 0.3 ms longer.
var position = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([a-z0-9_/]{1,100}\.lua):([0-9]{1,9}):\s*`)
})

// place splits a message that begins with file and line.
func (m *machine) place(message string) (file string, line int, text string) {
	at := position().FindStringSubmatch(message)
	if at == nil {
		return "", 0, message
	}
	line, _ = strconv.Atoi(at[2])
	return at[1], line, message[len(at[0]):]
}

func truncate(text string) string {
	if len(text) > maxMessage {
		return strings.ToValidUTF8(text[:maxMessage], "")
	}
	return text
}
