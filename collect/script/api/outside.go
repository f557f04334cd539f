package api

import (
	"context"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
	"virgo/schedule/policy"
)

// callCost is what a call that asks this host counts as instructions: the system works while the
// script's clock stands still.
const callCost = 100

// within calls f, which the system may let wait for ever, and returns no later than the context
// ends. f goes on then without anybody who waits for it.
func within[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// decline returns the results of a function for an error of the guard: its decision ends the
// script, what else went wrong is a failure of the world.
func decline(c *script.Call, l *lua.LState, err error) int {
	if policy.IsRefusal(err) {
		return c.Refuse(l, err)
	}
	return c.Fail(l, err)
}
