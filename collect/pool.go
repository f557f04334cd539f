package collect

import (
	"context"
	"time"

	"virgo/schedule"
)

// A task is a check that is passed to a worker.
type task struct {
	running
	job     Job
	checker Checker
	cancel  context.CancelFunc
}

// running is a check that runs.
type running struct {
	index   int             // of the job
	ctx     context.Context // the check's own
	timeout time.Duration
	started time.Time
	abandon time.Time // when the run goes on without it
}

// finished is the result of a task.
type finished struct {
	index   int
	outcome Outcome
	exited  bool // the check ended its goroutine (runtime.Goexit), and so the worker
}

// A pool manages the goroutines that run checks. Each worker runs one check after another, so that
// quick checks need only one goroutine and one stack.
type pool struct {
	runner  *Runner
	tasks   chan task
	results chan finished
	idle    int // workers that wait for a task, or are about to
}

// newPool returns a pool without workers. Its results are buffered for all jobs, so that an
// abandoned check that returns late does not block.
func newPool(r *Runner, jobs int) *pool {
	return &pool{runner: r, tasks: make(chan task), results: make(chan finished, jobs)}
}

// start passes a check to an idle worker, or to a new one.
func (p *pool) start(ctx context.Context, index int, job Job, checker Checker) running {
	timeout := job.Check.Timeout
	if timeout <= 0 {
		timeout = schedule.DefaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTimeout)
	deadline, _ := ctx.Deadline()
	t := task{
		running: running{index: index, ctx: ctx, timeout: timeout, started: time.Now(), abandon: deadline.Add(Grace)},
		job:     job, checker: checker, cancel: cancel,
	}
	if p.idle > 0 {
		p.idle--
		p.tasks <- t
	} else {
		go p.work(t)
	}
	return t.running
}

// release records that the worker of a finished check is idle, even if the check was abandoned.
func (p *pool) release(f finished) {
	if !f.exited {
		p.idle++
	}
}

// close lets the workers end. The worker of an abandoned check ends when the check returns.
func (p *pool) close() { close(p.tasks) }

func (p *pool) work(t task) {
	for ok := true; ok; t, ok = <-p.tasks {
		p.run(t)
	}
}

// run runs one check and returns its outcome whatever the check does.
func (p *pool) run(t task) {
	var o Outcome
	returned := false
	defer func() {
		exited := false
		if !returned { // a panic, or runtime.Goexit
			value := recover()
			exited = value == nil
			o = p.runner.failed(t.job, panicStatus(value), time.Since(t.started))
		}
		t.cancel()
		p.results <- finished{index: t.index, outcome: o, exited: exited}
	}()
	report, err := t.checker.Check(t.ctx, Request{
		Check: t.job.Check, Previous: t.job.Previous, Guard: t.job.Guard, Now: p.runner.now,
	})
	o = p.runner.outcome(t.running, t.job, report, err)
	returned = true
}
