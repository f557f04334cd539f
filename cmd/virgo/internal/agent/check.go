package agent

import (
	"context"
	"errors"
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

// fresh is what the checks of this run brought.
type fresh struct {
	entries     []spool.Entry
	samples     []sample
	done        []schedule.Claimed
	undone      []schedule.Claimed
	unavailable int
}

type sample struct {
	checkID string
	data    []byte
}

// check runs what was claimed. A check that had no time to begin, or that an interrupt cut off, is given
// back, not reported.
func (a *Agent) check(ctx context.Context, p plan, rep *Report, keepOutcomes bool) fresh {
	var f fresh
	if len(p.claimed) == 0 {
		return f
	}
	checkCtx := ctx
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		var cancel context.CancelFunc
		checkCtx, cancel = context.WithDeadline(ctx, deadline.Add(-deliveryReserve(left)))
		defer cancel()
	}
	jobs := make([]collect.Job, len(p.claimed))
	for i, c := range p.claimed {
		jobs[i] = collect.Job{Check: c.Check, Previous: p.previous[i]}
	}
	runner := collect.Runner{Registry: a.Registry, Concurrency: a.Concurrency, Now: a.Now}
	f.entries = make([]spool.Entry, 0, len(jobs))
	runner.Run(checkCtx, jobs, func(i int, o collect.Outcome) {
		c := p.claimed[i]
		if o.Skipped || o.Result.State != collect.Available && interrupted(ctx) {
			f.undone = append(f.undone, c)
			return
		}
		if o.Result.State != collect.Available {
			f.unavailable++
		}
		a.Verbose("check %s (%s): %s, %s, %s", c.Check.ID, c.Check.Type, o.Result.State, o.Result.Status, o.Took.Round(time.Millisecond))
		f.done = append(f.done, c)
		f.entries = append(f.entries, spool.Entry{Agent: a.ID, Made: o.Result.Time, Data: o.Result.AppendJSON(nil)})
		if o.Sample != nil {
			f.samples = append(f.samples, sample{c.Check.ID, o.Sample})
		}
		if keepOutcomes {
			rep.Outcomes = append(rep.Outcomes, o)
		}
	})
	return f
}

// interrupted tells a person's or the system's wish to stop from the end of the run's time.
func interrupted(ctx context.Context) bool {
	return errors.Is(ctx.Err(), context.Canceled)
}
