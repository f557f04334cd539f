package collect

import (
	"context"
	"slices"
	"time"

	"virgo/schedule"
)

// Grace is what a check is given, past its time limit, to clean up and return. After it the run goes on
// without it.
const Grace = 2 * time.Second

// DefaultConcurrency is how many checks run at the same time where a Runner does not say. A check that waits
// costs next to nothing ([Patience] keeps those that compute in a row), and one that waits for its
// turn is late: more checks than an ordinary host has are all under way at once.
const DefaultConcurrency = 128

// Patience is how long a Runner waits for a check before it starts another one beside it. Most checks are
// done by then, and one after the other they need one stack and one thread of the system's.
const Patience = 2 * time.Millisecond

// A Job is one check to run.
type Job struct {
	Check schedule.Check
	// Previous is the Sample of its last outcome; nil where none was kept.
	Previous []byte
}

// An Outcome is what became of a Job.
type Outcome struct {
	Result Result
	// Sample is what to keep for the next run; nil: nothing.
	Sample []byte
	// Took is how long the check ran, until it was abandoned where it was.
	Took time.Duration
	// Skipped says that the run was over before this check began. Nothing was looked at: its claim can
	// be given back instead of a result kept.
	Skipped bool
}

// A Runner runs checks. It may be used by one goroutine at a time or by many.
type Runner struct {
	Registry *Registry
	// Concurrency is how many checks run at the same time; 0: DefaultConcurrency.
	Concurrency int
	// Now tells the time; nil: time.Now.
	Now func() time.Time
}

// Run runs the jobs, up to Concurrency at a time ([Patience]), in their order, and calls each once a job, as they finish,
// from the goroutine that called Run and so never two at a time. It returns when all jobs have their
// outcome.
//
// A job's time limit is its check's Timeout (schedule.DefaultTimeout where that is 0), and never past
// ctx. A check that has not returned Grace after its limit is abandoned: its outcome says that it timed
// out, what it returns later is thrown away, and its goroutine is left behind until it ends by itself or
// the process does. A check that panics has a result that says so. Once ctx is done, what is under way
// ends as at its limit and what has not begun is skipped.
func (r *Runner) Run(ctx context.Context, jobs []Job, each func(i int, o Outcome)) {
	concurrency := r.Concurrency
	if concurrency <= 0 {
		concurrency = DefaultConcurrency
	}
	var (
		crew   = newCrew(r, len(jobs))
		active = make([]running, 0, min(concurrency, len(jobs)))
		over   = ctx.Done()
		next   = 0
		begun  time.Time // when the last check was started
		timer  *time.Timer
	)
	defer crew.dismiss()
	for next < len(jobs) || len(active) > 0 {
		for len(active) < concurrency && next < len(jobs) && (len(active) == 0 || time.Since(begun) >= Patience) {
			job := jobs[next]
			if ctx.Err() != nil {
				each(next, r.skipped(job))
			} else if t, ok := r.Registry.Lookup(job.Check.Type); !ok {
				each(next, r.failed(job, unknownType(r.Registry, job.Check.Type), 0))
			} else {
				active = append(active, crew.start(ctx, next, job, t.Checker))
				begun = time.Now()
			}
			next++
		}
		if len(active) == 0 {
			continue
		}
		last := soonest(active)
		wake := active[last].abandon
		if more := begun.Add(Patience); len(active) < concurrency && next < len(jobs) && more.Before(wake) {
			wake = more
		}
		if timer == nil {
			timer = time.NewTimer(time.Until(wake))
			defer timer.Stop()
		} else {
			timer.Reset(time.Until(wake))
		}
		deliver := func(f finished) {
			crew.back(f)
			// One that is not active was abandoned and has its outcome.
			if at := slices.IndexFunc(active, func(a running) bool { return a.job == f.job }); at >= 0 {
				active = slices.Delete(active, at, at+1)
				each(f.job, f.outcome)
			}
		}
		select {
		case f := <-crew.results:
			deliver(f)
		case <-over:
			over = nil
			until := time.Now().Add(Grace)
			for i := range active {
				if active[i].abandon.After(until) {
					active[i].abandon = until
				}
			}
		case <-timer.C:
			select {
			case f := <-crew.results: // at the last moment; the timer is set anew for who is left
				deliver(f)
				continue
			default:
			}
			a := active[last]
			if time.Now().Before(a.abandon) {
				continue // it was time for another check
			}
			active = slices.Delete(active, last, last+1)
			took := time.Since(a.started)
			each(a.job, r.failed(jobs[a.job], overran(a.ctx, a.timeout, took), took))
		}
	}
}

// soonest returns the index of the check that is to be abandoned first.
func soonest(active []running) int {
	first := 0
	for i, a := range active {
		if a.abandon.Before(active[first].abandon) {
			first = i
		}
	}
	return first
}

func (r *Runner) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}
