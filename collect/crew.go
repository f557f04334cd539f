package collect

import (
	"context"
	"time"

	"virgo/schedule"
)

// A task is one check, as it is handed to a worker.
type task struct {
	running
	check   Job
	checker Checker
	cancel  context.CancelFunc
}

// running is a check under way.
type running struct {
	job     int
	ctx     context.Context // the check's own
	timeout time.Duration
	started time.Time
	abandon time.Time
}

// finished is what a worker hands back.
type finished struct {
	job     int
	outcome Outcome
	gone    bool // the check ended its goroutine (runtime.Goexit), and so the worker
}

// A crew is the goroutines that run checks. A worker takes one check after another, so that a run of
// quick ones needs one goroutine and grows one stack.
type crew struct {
	runner  *Runner
	tasks   chan task
	results chan finished
	idle    int // workers that wait for a task, or are about to
}

// newCrew has no worker yet. There is room for all results, so that an abandoned check that comes back
// does not wait for a reader.
func newCrew(r *Runner, jobs int) *crew {
	return &crew{runner: r, tasks: make(chan task), results: make(chan finished, jobs)}
}

// start hands a check to a worker.
func (c *crew) start(ctx context.Context, i int, job Job, checker Checker) running {
	timeout := job.Check.Timeout
	if timeout <= 0 {
		timeout = schedule.DefaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errLimit)
	deadline, _ := ctx.Deadline()
	t := task{
		running: running{job: i, ctx: ctx, timeout: timeout, started: time.Now(), abandon: deadline.Add(Grace)},
		check:   job, checker: checker, cancel: cancel,
	}
	if c.idle > 0 {
		c.idle--
		c.tasks <- t
	} else {
		go c.work(t)
	}
	return t.running
}

// back notes that a worker is free again. One that was abandoned counts as well: it is there.
func (c *crew) back(f finished) {
	if !f.gone {
		c.idle++
	}
}

// dismiss lets the workers end, those that were abandoned when their check comes back.
func (c *crew) dismiss() { close(c.tasks) }

func (c *crew) work(t task) {
	for ok := true; ok; t, ok = <-c.tasks {
		c.run(t)
	}
}

// run runs one check and hands back its outcome whatever the check does.
func (c *crew) run(t task) {
	var o Outcome
	returned := false
	defer func() {
		gone := false
		if !returned { // a panic, or runtime.Goexit
			p := recover()
			gone = p == nil
			o = c.runner.failed(t.check, panicked(p), time.Since(t.started))
		}
		t.cancel()
		c.results <- finished{job: t.job, outcome: o, gone: gone}
	}()
	report, err := t.checker.Check(t.ctx, Request{Check: t.check.Check, Previous: t.check.Previous, Now: c.runner.now})
	o = c.runner.outcome(t.running, t.check, report, err)
	returned = true
}
