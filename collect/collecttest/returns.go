package collecttest

import (
	"context"
	"sync/atomic"

	"virgo/collect"
)

// RecordReturn returns the type with a checker that counts its calls, and a function that reports
// whether all of them have returned. After [collect.Runner.Run] it is false where the Runner
// abandoned a check, which did not return within [collect.Grace] of its time limit.
func RecordReturn(typ collect.Type) (recorded collect.Type, returned func() bool) {
	var running atomic.Int64
	check := typ.Checker.Check
	typ.Checker = collect.CheckerFunc(func(ctx context.Context, req collect.Request) (collect.Report, error) {
		running.Add(1)
		defer running.Add(-1)
		return check(ctx, req)
	})
	return typ, func() bool { return running.Load() == 0 }
}
