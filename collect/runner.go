package collect

import (
	"context"
	"slices"
	"time"

	"virgo/schedule"
	"virgo/schedule/policy"
)

// Grace is the time that a check has to clean up and return after its time limit. Then the run
// continues without it.
const Grace = 2 * time.Second

// DefaultConcurrency is the number of checks that run at the same time if a Runner does not set it.
// It is high enough for all checks of an ordinary host, because a check that waits for its turn is
// late. A check that waits for a reply costs next to nothing, and [startInterval] makes those that
// compute run one after the other.
const DefaultConcurrency = 128

// startInterval is how long a Runner waits for a check before it starts the next one beside it.
// Most checks have finished by then; run one after the other, they need one stack and one thread.
const startInterval = 2 * time.Millisecond

// A Runner that wakes up more than lateWake after the time that it asked for has no processor: one more
// check beside those that run would only take time from all. It then starts a check only when no other
// runs, until a wake-up is in time again, and sees to it that there is one every crowdedPoll.
const (
	lateWake    = 50 * time.Millisecond
	crowdedPoll = time.Second
)

// A Job is one check to run.
type Job struct {
	Check schedule.Check
	// Previous is the Sample of the check's last outcome; nil if none is stored.
	Previous []byte
	// Guard is the one that the check gets; nil for a check of the owner's own.
	Guard *policy.Guard
}

// An Outcome is the result of a Job.
type Outcome struct {
	Result Result
	// Sample is to be stored for the next run; nil: nothing.
	Sample []byte
	// Took is how long the check ran; for an abandoned one, until it was abandoned.
	Took time.Duration
	// Failed is the kind of the check's own failure, if it failed with a [FailedError]; empty: it did not, whatever the
	// result says of what it watches.
	Failed string
	// Skipped means that the run ended before this check began, so its claim can be released.
	Skipped bool

	release func() // of the report; nil: nothing to release
}

// A Runner runs checks. It is safe for concurrent use.
type Runner struct {
	Registry *Registry
	// Concurrency is the number of checks that run at the same time; 0: DefaultConcurrency.
	Concurrency int
	// Now returns the current time; nil: time.Now.
	Now func() time.Time

	// lateness returns how much later than at wake the Runner woke up; nil: time.Since. For tests.
	lateness func(wake time.Time) time.Duration
}

// Run runs the jobs in their order, at most Concurrency at a time. For each job it calls each as
// the job finishes, always on the goroutine that called Run. It returns when all jobs have an
// outcome. The metrics of an outcome with a Release are not to be used after each has returned.
//
// A check with a Fault does not run: the fault is its status. Nor does a check of an endpoint that the
// owner's policy has not allowed, whose result is refused.
//
// The time limit of a job is its check's Timeout (schedule.DefaultTimeout if that is 0) or the end
// of ctx, whichever is earlier. A check that has not returned Grace after its limit is abandoned:
// its outcome reports the timeout, its later result is ignored, and its goroutine remains until the
// check returns or the process ends. Once ctx is done, running checks end as at their limit, and
// checks that have not begun are skipped.
func (r *Runner) Run(ctx context.Context, jobs []Job, each func(index int, o Outcome)) {
	concurrency := r.Concurrency
	if concurrency <= 0 {
		concurrency = DefaultConcurrency
	}
	var (
		workers   = newPool(r, len(jobs))
		active    = make([]running, 0, min(concurrency, len(jobs)))
		done      = ctx.Done()
		next      = 0
		lastStart time.Time
		timer     *time.Timer
		crowded   bool // there is no processor for a further check
	)
	mayStart := func() bool {
		return next < len(jobs) && len(active) < concurrency && (!crowded || len(active) == 0)
	}
	defer workers.close()
	for next < len(jobs) || len(active) > 0 {
		for mayStart() && (len(active) == 0 || time.Since(lastStart) >= startInterval) {
			job := jobs[next]
			if ctx.Err() != nil {
				each(next, r.skipped(job))
			} else if job.Check.Refusal != "" || job.Check.Fault == "" && !job.Check.MayRun() {
				each(next, r.refused(job))
			} else if job.Check.Fault != "" {
				each(next, r.failed(job, job.Check.Fault, 0))
			} else if t, ok := r.Registry.Lookup(job.Check.Type); !ok {
				each(next, r.failed(job, unknownType(r.Registry, job.Check.Type), 0))
			} else {
				active = append(active, workers.start(ctx, next, job, t.Checker))
				lastStart = time.Now()
			}
			next++
		}
		if len(active) == 0 {
			continue
		}
		soonest := soonestAbandoned(active)
		wake := active[soonest].abandon
		if start := lastStart.Add(startInterval); mayStart() && start.Before(wake) {
			wake = start
		}
		if poll := time.Now().Add(crowdedPoll); crowded && next < len(jobs) && poll.Before(wake) {
			wake = poll
		}
		if timer == nil {
			timer = time.NewTimer(time.Until(wake))
			defer timer.Stop()
		} else {
			timer.Reset(time.Until(wake))
		}
		finish := func(f finished) {
			workers.release(f)
			// One that is not active was abandoned and has its outcome.
			if at := slices.IndexFunc(active, func(a running) bool { return a.index == f.index }); at >= 0 {
				active = slices.Delete(active, at, at+1)
				each(f.index, f.outcome)
			}
			if f.outcome.release != nil {
				f.outcome.release()
			}
		}
		select {
		case f := <-workers.results:
			finish(f)
		case <-done:
			done = nil
			latest := time.Now().Add(Grace)
			for i := range active {
				if active[i].abandon.After(latest) {
					active[i].abandon = latest
				}
			}
		case <-timer.C:
			crowded = r.late(wake) > lateWake
			select {
			case f := <-workers.results: // at the last moment
				finish(f)
				continue
			default:
			}
			a := active[soonest]
			if time.Now().Before(a.abandon) {
				continue // it is time to start another check
			}
			active = slices.Delete(active, soonest, soonest+1)
			took := time.Since(a.started)
			each(a.index, r.failed(jobs[a.index], timeoutStatus(a.ctx, a.timeout, took), took))
		}
	}
}

// soonestAbandoned returns the place of the check that is to be abandoned first.
func soonestAbandoned(active []running) int {
	first := 0
	for i, a := range active {
		if a.abandon.Before(active[first].abandon) {
			first = i
		}
	}
	return first
}

func (r *Runner) late(wake time.Time) time.Duration {
	if r.lateness == nil {
		return time.Since(wake)
	}
	return r.lateness(wake)
}

func (r *Runner) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}
