package agent

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/spool"
)

// deliveryReserve is the part of a run's time that checks leave for keeping and delivering what they
// saw: a quarter of it, at most ten seconds.
func deliveryReserve(left time.Duration) time.Duration {
	return min(left/4, 10*time.Second)
}

// quickChecks is how long a run keeps its first transaction open for its checks. Those that only look at
// the host are through long before, and their results are kept in it: one commit in the place of two. Another
// run waits so long for the file at the most.
const quickChecks = 50 * time.Millisecond

// A round is one run's checks, from the claim to the spool.
type round struct {
	plan
	agent        *Agent
	rep          *Report
	keepOutcomes bool
	delivers     bool // a delivery follows
	// over is closed when the checks are through; nil until they are started.
	over chan struct{}

	// What the checks brought, in the order that they ended; they only grow.
	mu          sync.Mutex // guards them until over is closed
	entries     []spool.Entry
	samples     []sample
	done        []schedule.Claimed
	undone      []schedule.Claimed
	unavailable int

	kept
}

type sample struct {
	checkID string
	data    []byte
}

// start runs the checks that were claimed, and does not wait for them.
func (r *round) start(ctx context.Context) {
	r.over = make(chan struct{})
	if len(r.claimed) == 0 {
		close(r.over)
		return
	}
	r.makeRoom()
	if slices.ContainsFunc(r.claimed, func(c schedule.Claimed) bool { return !onlyLooks(c.Check.Type) }) {
		r.agent.slow()
	}
	go func() {
		defer close(r.over)
		r.check(ctx)
	}()
}

// manyChecks is how many due at once are more than an ordinary host has.
const manyChecks = 32

// makeRoom is called before many checks are started and when they are through.
func (r *round) makeRoom() {
	if len(r.claimed) > manyChecks && r.agent.Large != nil {
		r.agent.Large()
	}
}

// onlyLooks says whether a check of this type looks at the kernel's own figures, in this process. The others
// start a program (plugins, systemd) or ask a server.
func onlyLooks(checkType string) bool {
	switch checkType {
	case "agent.cpu", "agent.memory", "agent.load_average", "agent.disk", "agent.filesystem", "agent.filesystem_state",
		"agent.network", "agent.process", "agent.file", "agent.virgo":
		return true
	}
	return false
}

func (a *Agent) slow() {
	if a.Slow != nil {
		a.Slow()
	}
}

// endsWithin says whether the checks are through after that time at most.
func (r *round) endsWithin(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-r.over:
		return true
	case <-timer.C:
		r.agent.slow()
		return false
	}
}

// isOver says whether the checks are through.
func (r *round) isOver() bool {
	select {
	case <-r.over:
		return true
	default:
		return false
	}
}

// check runs the checks. One that had no time to begin, or that an interrupt cut off, is given back,
// not reported.
func (r *round) check(ctx context.Context) {
	a := r.agent
	checkCtx := ctx
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		var cancel context.CancelFunc
		checkCtx, cancel = context.WithDeadline(ctx, deadline.Add(-deliveryReserve(left)))
		defer cancel()
	}
	jobs := make([]collect.Job, len(r.claimed))
	for i, c := range r.claimed {
		jobs[i] = collect.Job{Check: c.Check, Previous: r.previous[i]}
	}
	runner := collect.Runner{Registry: a.Registry, Concurrency: a.Concurrency, Now: a.Now}
	r.mu.Lock()
	r.entries = make([]spool.Entry, 0, len(jobs))
	r.mu.Unlock()
	runner.Run(checkCtx, jobs, func(i int, o collect.Outcome) {
		c := r.claimed[i]
		r.mu.Lock()
		defer r.mu.Unlock()
		if o.Skipped || o.Result.State != collect.Available && interrupted(ctx) {
			r.undone = append(r.undone, c)
			return
		}
		if o.Result.State != collect.Available {
			r.unavailable++
		}
		a.Verbose("check %s (%s): %s, %s, %s", c.Check.ID, c.Check.Type, o.Result.State, o.Result.Status, o.Took.Round(time.Millisecond))
		r.done = append(r.done, c)
		r.entries = append(r.entries, spool.Entry{Agent: a.ID, Made: o.Result.Time, Data: o.Result.AppendJSON(nil)})
		if o.Sample != nil {
			r.samples = append(r.samples, sample{c.Check.ID, o.Sample})
		}
		if r.keepOutcomes {
			r.rep.Outcomes = append(r.rep.Outcomes, o)
		}
	})
}

// interrupted tells a person's or the system's wish to stop from the end of the run's time.
func interrupted(ctx context.Context) bool {
	return errors.Is(ctx.Err(), context.Canceled)
}
