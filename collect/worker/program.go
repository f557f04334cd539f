package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"virgo/collect"
)

// A Program is the worker as the agent uses it. It is started when it is first needed, and again
// after a Close. It is safe for concurrent use.
type Program struct {
	// Path returns the path of the program virgo, which is started with [Argument]. Its error becomes
	// the status of the checks.
	Path func() (string, error)
	// Environ returns the worker's environment, each entry "NAME=value", without the agent's
	// secrets. It is called after Settings.
	Environ func() []string
	// Settings returns the settings for the checks; nil: there are none. Error: they cannot be
	// read.
	Settings func() (Settings, error)
	// Account returns the user that the worker runs as, nil for the agent's; nil: the agent's. Error:
	// the worker cannot be started.
	Account func() (*Account, error)
	// Version tells the build of the agent from others; the worker must be of the same.
	Version string

	mu      sync.Mutex
	process *process      // nil where none is running
	alone   chan struct{} // has room for the requests that are run alone; nil until one is
}

// A StartError is returned when the worker could not be started. Other requests would fail in the
// same way.
type StartError struct{ Err error }

func (e *StartError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *StartError) Unwrap() error { return e.Err }

// hostInfoTimeout is the time limit of one request for host information.
const hostInfoTimeout = 30 * time.Second

// checker runs checks of any type in the worker.
type checker struct{ program *Program }

// Check runs the check in the worker and waits for its report. When ctx is done, it cancels the
// check there.
func (c checker) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	a, err := c.program.ask(ctx, func() (request, error) {
		limit := req.Check.Timeout
		if deadline, ok := ctx.Deadline(); ok {
			limit = time.Until(deadline)
		}
		return checkRequest(req, limit)
	})
	var died *deathError
	switch {
	case errors.As(err, &died):
		return collect.Report{}, fmt.Errorf("the worker process died while it ran this check: %s", died.how)
	case err != nil:
		return collect.Report{}, err
	case a.Ended:
		return a.Report.collectReport(), contextError(ctx)
	case a.Refused != nil:
		return a.Report.collectReport(), a.Refused
	case a.Error != "":
		return a.Report.collectReport(), errors.New(a.as.explain(a.Error))
	}
	return a.Report.collectReport(), nil
}

// maxClockSkew is how much earlier a check's time limit may end in the other process than in this
// one.
const maxClockSkew = 200 * time.Millisecond

// contextError returns the error for a check whose context ended in the worker. It waits up to
// maxClockSkew for ctx to end here as well.
func contextError(ctx context.Context) error {
	timer := time.NewTimer(maxClockSkew)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return context.DeadlineExceeded
	}
}

// HostInfo returns host information of the named type: the result of host_info.get as JSON. Errors:
// *StartError, or why there is no answer to this request.
func (p *Program) HostInfo(ctx context.Context, name string) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, hostInfoTimeout)
	defer cancel()
	a, err := p.ask(ctx, func() (request, error) {
		return request{HostInfo: name, Timeout: hostInfoTimeout.Milliseconds()}, nil
	})
	var died *deathError
	switch {
	case errors.As(err, &died):
		return nil, fmt.Errorf("the worker process died while it read host information %q: %s", name, died.how)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("host information %q was not ready in time", name)
	case err != nil:
		return nil, err
	case a.Error != "":
		return nil, errors.New(a.Error)
	}
	return a.HostInfo, nil
}

// ask sends the request that build returns and waits for its answer. If the process dies meanwhile,
// this request or another may be the cause, so it is built again and sent to a process of its own.
// Errors: *StartError, *deathError if that process died as well, and others.
func (p *Program) ask(ctx context.Context, build func() (request, error)) (answer, error) {
	proc, err := p.running()
	if err != nil {
		return answer{}, &StartError{err}
	}
	a, err := askIn(ctx, proc, build)
	var died *deathError
	if errors.As(err, &died) && ctx.Err() == nil {
		return p.askAlone(ctx, died, build)
	}
	return a, err
}

func askIn(ctx context.Context, proc *process, build func() (request, error)) (answer, error) {
	req, err := build()
	if err != nil {
		return answer{}, err
	}
	return proc.ask(ctx, req)
}

// maxAlone is the number of processes that run a single request each at the same time. The others
// wait, because the shared process may have been killed for lack of memory.
const maxAlone = 4

// askAlone sends a request to a process of its own. died describes the end of the process that had
// the request before.
func (p *Program) askAlone(ctx context.Context, died *deathError, build func() (request, error)) (answer, error) {
	slots := p.aloneSlots()
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return answer{}, fmt.Errorf("the worker process died (%s) while this and other requests ran in it, and there was no time to run it alone",
			died.how)
	}
	proc, err := p.startAlone()
	if err != nil {
		return answer{}, &StartError{err}
	}
	defer proc.close()
	return askIn(ctx, proc, build)
}

func (p *Program) aloneSlots() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.alone == nil {
		p.alone = make(chan struct{}, maxAlone)
	}
	return p.alone
}

// running returns the shared process, which it starts if none is running.
func (p *Program) running() (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process != nil && !p.process.hasEnded() {
		return p.process, nil
	}
	p.closeLocked()
	proc, err := p.startLocked()
	if err != nil {
		return nil, err
	}
	p.process = proc
	return proc, nil
}

// startAlone starts a process beside the shared one.
func (p *Program) startAlone() (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.startLocked()
}

// startLocked starts a process. The caller holds the lock, which also prevents concurrent calls of
// Path, Environ and Settings.
func (p *Program) startLocked() (*process, error) {
	path, err := p.Path()
	if err != nil {
		return nil, err
	}
	settings := Settings{}
	if p.Settings != nil {
		if settings, err = p.Settings(); err != nil {
			return nil, err
		}
	}
	var as *Account
	if p.Account != nil {
		if as, err = p.Account(); err != nil {
			return nil, err
		}
	}
	return start(path, p.Environ(), as, greeting{Protocol: protocolVersion, Version: p.Version, Settings: &settings})
}

// Close ends the shared process, if there is one, with all checks that still run in it.
func (p *Program) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeLocked()
}

func (p *Program) closeLocked() {
	if p.process != nil {
		p.process.close()
		p.process = nil
	}
}
