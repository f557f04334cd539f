package script

import (
	"context"
	"errors"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"
)

const (
	// lookEvery is how many instructions run at most between two looks at the clock and at the
	// request's context. Where they take longer than slowLook, the next look comes earlier: one
	// instruction may move a large table.
	lookEvery = 256
	slowLook  = 2 * time.Millisecond
	firstLook = 8
	// turn is how long a script computes before it lets others that wait for a processor go first.
	turn = 20 * time.Millisecond
)

// errYield is raised where a coroutine yields through a function that is not written in Lua. The
// Lua library would go on with the coroutine as if it had returned.
var errYield = errors.New("attempt to yield across a metamethod or an iterator")

// meter is the context of a state and of all its coroutines. The Lua machine calls Done before each
// instruction, so Done counts them; once it returned a closed channel it always does, and no pcall
// holds the error off.
type meter struct {
	left  int64 // instructions until the next look
	given int64 // what left was after the last look
	used  int64 // until the last look
	limit int64
	step  int64     // instructions between the last two looks
	last  time.Time // of the last look
	cause error
	ended chan struct{} // closed
	// yielding is true between a yield and the return to who resumed.
	yielding bool

	ctx     context.Context // of the request
	compute time.Duration   // limit
	spent   time.Duration   // computed until the clock was last stopped
	since   time.Time       // zero: the clock stands still
	places  *places
	// hung is called when the script computes for so long that it must be in a function that does
	// not return; nil: nobody can help.
	hung     func()
	watchdog *time.Timer
}

func newMeter(ctx context.Context, l Limits, p *places, hung func()) *meter {
	m := &meter{
		step: firstLook, limit: l.Instructions, compute: l.Compute,
		ctx: ctx, places: p, hung: hung, ended: make(chan struct{}),
	}
	close(m.ended)
	m.rearm()
	return m
}

// Done counts one instruction. The channel is closed once the script must end.
func (m *meter) Done() <-chan struct{} {
	if m.left--; m.left > 0 {
		return nil
	}
	return m.look()
}

// Err is the text that the Lua machine raises.
func (m *meter) Err() error {
	if m.cause == nil {
		return nil
	}
	return m.cause
}

// Deadline and Value complete a context.Context: nothing asks for them.
func (m *meter) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// Value returns nil: [context.WithCancel] of the Lua library finds no parent to register with.
func (m *meter) Value(any) any { return nil }

// look counts what was used and decides whether the script may go on.
func (m *meter) look() <-chan struct{} {
	if m.cause == nil {
		m.count()
		m.decide()
	}
	if m.cause != nil {
		m.left, m.given = 0, 0
		return m.ended
	}
	m.rearm()
	return nil
}

func (m *meter) count() {
	m.used += m.given - m.left
	m.given = m.left
}

func (m *meter) rearm() {
	m.left = min(m.step, m.limit-m.used+1)
	m.given = m.left
}

func (m *meter) decide() {
	switch {
	case m.yielding:
		m.end(&Error{Kind: KindError, Text: errYield.Error()})
	case m.used > m.limit:
		m.end(&Error{Kind: KindInstructions, Text: fmt.Sprintf("needed more than %d instructions", m.limit)})
	case m.ctx.Err() != nil:
		m.end(m.ctx.Err())
	case !m.since.IsZero():
		m.lookAtClock()
	}
}

func (m *meter) lookAtClock() {
	now := time.Now()
	if now.Sub(m.last) > slowLook {
		m.step = max(m.step/4, 1)
	} else {
		m.step = min(m.step*2, lookEvery)
	}
	m.last = now
	if m.spent+now.Sub(m.since) > m.compute {
		m.end(&Error{Kind: KindCompute, Text: fmt.Sprintf("computed for more than %v", m.compute)})
	} else if now.Sub(m.since) > turn && m.places.wanted() {
		m.stop()
		m.start()
	}
}

// end lets the script run no further instruction. The first cause stays.
func (m *meter) end(cause error) {
	if m != nil && m.cause == nil {
		m.cause = cause
		m.count()
		m.left, m.given = 0, 0
	}
}

// instructions returns how many were used.
func (m *meter) instructions() int64 { return m.used + m.given - m.left }

// charge counts the work of a function that is not written in Lua, and raises an error of Lua where
// a limit is reached.
func (m *meter) charge(l *lua.LState, steps int) {
	if m == nil {
		return
	}
	m.left -= int64(max(steps, 0))
	if m.left <= 0 && m.look() != nil {
		l.RaiseError("%s", m.cause)
	}
}

// yield makes the next instruction an error, unless the coroutine's end of the stack is reached before it.
func (m *meter) yield() {
	m.count()
	m.yielding = true
	m.left, m.given = 0, 0
}

// yielded is called where who resumed goes on. What was counted stays counted: a loop of
// resumes has an end, too.
func (m *meter) yielded() {
	if m.yielding && m.cause == nil {
		m.rearm()
	}
	m.yielding = false
}

// start waits for a processor and starts the clock.
func (m *meter) start() {
	if m == nil {
		return
	}
	if err := m.places.take(m.ctx); err != nil {
		m.end(err)
		return
	}
	m.since = time.Now()
	m.last = m.since
	if m.hung != nil {
		m.watchdog = time.AfterFunc(m.compute-m.spent+hungAfter, m.hung)
	}
}

// stop stops the clock and gives the processor back.
func (m *meter) stop() {
	if m == nil || m.since.IsZero() {
		return
	}
	if m.watchdog != nil {
		m.watchdog.Stop()
	}
	m.spent += time.Since(m.since)
	m.since = time.Time{}
	m.places.give()
}
