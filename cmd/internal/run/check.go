package run

import (
	"context"
	"slices"
	"sync"
	"time"

	"virgo/cmd/internal/link"
	"virgo/collect"
	"virgo/schedule"
	"virgo/spool"
)

// deliveryReserve returns the part of a run's remaining time that is reserved for persisting and
// delivering results: a quarter, at most ten seconds.
func deliveryReserve(left time.Duration) time.Duration {
	return min(left/4, 10*time.Second)
}

// checks are the checks of a run, whether they have ended, are running or have not begun.
type checks struct {
	over chan struct{} // closed when all have ended

	mu       sync.Mutex
	ended    []ended           // in the order that they ended; it only grows
	outcomes []collect.Outcome // where the plan wants them; for use when all is over
	pending  pending
	freed    int // of ended, whose results are persisted and not held here any more
}

func newChecks(due int) *checks {
	c := &checks{over: make(chan struct{}), ended: make([]ended, 0, due)}
	c.pending.full, c.pending.room.L = make(chan struct{}, 1), &c.mu
	return c
}

// An ended check has run, or is to be released because it had no time to run.
type ended struct {
	claim    *schedule.Claimed // one of claims.due
	released bool

	entry       spool.Entry
	latest      []byte // as appendLatest writes it
	sample      []byte // nil: none
	unavailable bool
	judged      *collect.Result // nil where nobody judges it
	script      *scriptRun      // nil unless it is a script of a bundle
}

// since returns the checks that ended after the first n.
func (c *checks) since(n int) []ended {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended[n:]
}

func (c *checks) count() int { return len(c.since(0)) }

// add adds a check that ended. It waits while too much is not persisted yet.
func (c *checks) add(e ended) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending.wait()
	c.ended = append(c.ended, e)
	c.pending.add(e.bytes())
}

// isOver reports whether all checks have ended.
func (c *checks) isOver() bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

// endWithin waits for at most limit, or until much is to be persisted, and reports whether all checks
// have ended.
func (a *Agent) endWithin(c *checks, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-c.over:
		return true
	case <-c.pending.full:
		a.CallLarge()
		return c.isOver()
	case <-timer.C:
		a.CallSlow()
		return false
	}
}

// manyChecks is more checks due at once than an ordinary host has.
const manyChecks = 32

// startChecks is state Check: it starts the claimed checks and does not wait for them.
func (a *Agent) startChecks(ctx context.Context, p plan, c claims) *checks {
	run := newChecks(len(c.due))
	if len(c.due) == 0 {
		close(run.over)
		return run
	}
	if len(c.due) > manyChecks {
		a.CallLarge()
	}
	if slices.ContainsFunc(c.due, func(d schedule.Claimed) bool {
		return d.Check.Fault == "" && d.Check.MayRun() && !a.kernelOnly(d.Check.Type)
	}) {
		a.CallSlow()
	}
	go func() {
		defer close(run.over)
		a.runChecks(withSelf(ctx, c.self), p, c, run)
	}()
	return run
}

// kernelOnly reports whether checks of this type start no program and ask no server.
func (a *Agent) kernelOnly(checkType string) bool {
	t, ok := a.Registry.Lookup(checkType)
	return ok && t.KernelOnly
}

// runChecks runs the claimed checks until the time reserved for the delivery begins. A check that
// had no time to begin, or that was interrupted, is released and not reported.
func (a *Agent) runChecks(ctx context.Context, p plan, c claims, run *checks) {
	limited := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		reserve := deliveryReserve(time.Until(deadline))
		limited, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	jobs := make([]collect.Job, len(c.due))
	for i, d := range c.due {
		jobs[i] = a.Job(d.Check, c.previous[i])
	}
	runner := collect.Runner{Registry: a.Registry, Concurrency: a.Concurrency, Now: a.Now}
	running := newRunning(p, c)
	runner.Run(limited, jobs, func(i int, o collect.Outcome) {
		running.end(c.due[i].Check.ID)
		e := ended{claim: &c.due[i], unavailable: o.Result.State != collect.Available}
		if o.Skipped || e.unavailable && link.Interrupted(ctx) {
			e.released = true
			run.add(e)
			return
		}
		a.Verbose("check %s (%s): %s, %s, %s", e.claim.Check.ID, e.claim.Check.Type,
			o.Result.State, o.Result.Status, o.Took.Round(time.Millisecond))
		e.entry = spool.Entry{Agent: a.ID, Made: o.Result.Time, Data: o.Result.AppendJSON(nil)}
		e.latest = appendLatest(nil, o.Result)
		e.sample = o.Sample
		if p.judges && e.claim.Check.Alarms != nil {
			e.judged = &o.Result
		}
		e.script = a.scriptRun(e.claim.Check.Type, o)
		if p.outcomes {
			run.outcomes = append(run.outcomes, o)
		}
		run.add(e)
	})
}
