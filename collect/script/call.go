package script

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect"
	"virgo/schedule"
)

// A Guard decides on each use of the outside world: what the script declares, the owner grants, and
// the details of an endpoint's check may choose. Each error names what was refused and why. Type
// policy.ScriptGuard is one.
type Guard interface {
	// File returns the path to open, after links were followed.
	File(path string) (string, error)
	// Opened decides once more, on the file that was opened.
	Opened(f *os.File) error
	Program(name string) error
	Unix(path string) error
	URL(u *url.URL) error
	// Connect decides before the name is resolved; network is tcp or udp.
	Connect(network, host, port string) error
	// Control decides on each address that is dialled, as net.Dialer.ControlContext.
	Control(network, host string) func(context.Context, string, string, syscall.RawConn) error
	Name(dns string) error
	Figures(checkType string) error
}

// A Call is one check in Lua that runs: what its functions are given. One that a test of a module
// makes has no count of instructions and no clock.
type Call struct {
	Ctx     context.Context // ends at the check's time limit
	Guard   Guard
	Details schedule.Details
	Now     time.Time
	Limits  Limits
	// Figures has the checks of the host that module host may run.
	Figures *collect.Registry
	// World is what the modules reach; the zero value is this host.
	World World

	machine *machine
	meter   *meter
	report  *reporter
	log     *logger
	used    Used
	files   int                    // open
	open    int                    // connections
	running atomic.Int64           // programs; they may end after the check
	metas   map[string]*lua.LTable // of objects, by kind
	closers []func()
}

// Used counts what a Call used so far.
type Used struct {
	Instructions int64
	Compute      time.Duration
	Files        int
	Connections  int
	Programs     int
}

// Blocking calls f, which waits for the world outside: meanwhile the clock of the script's computing
// stands still, and another script may compute. f gets the call's context and must end with it. The
// error is that of f; where the context is done, the script ends as soon as it goes on.
func (c *Call) Blocking(f func(ctx context.Context) error) error {
	c.meter.stop()
	defer c.meter.start()
	return f(c.Ctx)
}

// Fail returns the results of a function for a failure of the world outside: nil and a message.
func (c *Call) Fail(l *lua.LState, err error) int {
	if c.Ctx.Err() != nil {
		c.meter.end(c.Ctx.Err())
	}
	text := err.Error()
	if len(text) > maxMessage {
		text = text[:maxMessage]
	}
	l.Push(lua.LNil)
	l.Push(lua.LString(text))
	return 2
}

// Refuse ends the check with an error of the guard: no pcall of the script holds it off. It does
// not return.
func (c *Call) Refuse(l *lua.LState, err error) int { return c.end(l, err) }

// end ends the script: the error is raised now, and again at every instruction that a pcall lets follow.
func (c *Call) end(l *lua.LState, err error) int {
	c.meter.end(err)
	l.RaiseError("%s", err)
	return 0
}

// Raise raises an error of Lua for a mistake of the script, with the place of the call.
func (c *Call) Raise(l *lua.LState, format string, args ...any) int {
	l.Error(lua.LString(where(l, 1)+fmt.Sprintf(format, args...)), 0)
	return 0
}

// where returns the place of a call that is under way as an error begins with it: that of the
// function at the level, or of the nearest one above that is written in Lua. Level 0 is the
// function that asks.
func where(l *lua.LState, level int) string {
	for ; level <= callDepth; level++ {
		d, ok := l.GetStack(level)
		if !ok {
			break
		}
		if _, err := l.GetInfo("Sl", d, lua.LNil); err == nil && d.CurrentLine >= 0 {
			return fmt.Sprintf("%s:%d: ", d.Source, d.CurrentLine)
		}
	}
	return ""
}

// Charge counts work as instructions: a function that goes through n bytes or values says so, about
// 1 for each 16 bytes, before or while it works.
func (c *Call) Charge(l *lua.LState, n int) { c.meter.charge(l, n) }

// Push pushes a text and returns 1, the number of results. It raises an error if the text is
// longer than one may be.
func (c *Call) Push(l *lua.LState, text string) int {
	c.fits(l, len(text))
	l.Push(lua.LString(text))
	return 1
}

// fits raises an error if a text of that many bytes may not be made, and counts the work of making it.
func (c *Call) fits(l *lua.LState, bytes int) {
	if bytes > c.Limits.StringBytes {
		c.Raise(l, "text of %d bytes; at most %d are allowed", bytes, c.Limits.StringBytes)
	}
	c.meter.charge(l, bytes/bytesAStep)
}

// OpenFile counts a file that is open until the function is called that it returns. It raises an
// error for one too many.
func (c *Call) OpenFile(l *lua.LState) (closed func()) {
	if c.files >= c.Limits.Files {
		c.Raise(l, "more than %d open files", c.Limits.Files)
	}
	c.files++
	c.used.Files++
	return onceLess(&c.files)
}

// onceLess returns a function that takes one from the number the first time that it is called.
func onceLess(n *int) func() {
	counted := true
	return func() {
		if counted {
			counted = false
			*n--
		}
	}
}

// Connect counts a connection that is closed when the function returns. It raises an error for one
// too many.
func (c *Call) Connect(l *lua.LState) {
	if c.used.Connections >= c.Limits.Connections {
		c.Raise(l, "more than %d connections", c.Limits.Connections)
	}
	c.used.Connections++
}

// OpenConnection counts one that is open until the function is called that it returns. It raises an
// error for one too many, in all or at the same time.
func (c *Call) OpenConnection(l *lua.LState) (closed func()) {
	if c.open >= c.Limits.Open {
		c.Raise(l, "more than %d open connections", c.Limits.Open)
	}
	c.Connect(l)
	c.open++
	return onceLess(&c.open)
}

// Program counts a program that runs until the function is called that it returns, from whatever
// goroutine. It raises an error for one too many, in all or at the same time.
func (c *Call) Program(l *lua.LState) (ended func()) {
	if c.used.Programs >= c.Limits.Programs {
		c.Raise(l, "more than %d programs", c.Limits.Programs)
	}
	if c.running.Load() >= int64(c.Limits.Running) {
		c.Raise(l, "%d programs that could not be ended still run", c.Limits.Running)
	}
	c.used.Programs++
	c.running.Add(1)
	return func() { c.running.Add(-1) }
}

// AtEnd calls f when the check has ended, whatever way: it closes what the script left open.
func (c *Call) AtEnd(f func()) { c.closers = append(c.closers, f) }

func (c *Call) close() {
	for _, f := range c.closers {
		f()
	}
	c.closers = nil
}

// Used returns what was used so far.
func (c *Call) Used() Used {
	u := c.used
	if c.meter != nil {
		u.Instructions, u.Compute = c.meter.instructions(), c.meter.spent
	}
	return u
}
