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

// A Program is the worker program as the agent sees it: started when it is first needed, again after a Close,
// used by many at the same time.
type Program struct {
	// Path of the program's file. Error: why there is none; it becomes the status of the checks.
	Path func() (string, error)
	// Environ gives what it finds in its environment, each "NAME=value"; the agent's secrets do not belong there.
	Environ func() []string
	// Settings for its checks. Error: why they cannot be had.
	Settings func() (Settings, error)
	// Version of the agent.
	Version string

	mu      sync.Mutex
	process *process      // nil where none is running
	cells   chan struct{} // has room for those who are asked alone; nil until one is
}

// A StartError is returned when the program could not be started, so that nothing was asked and asking something else is of
// no use.
type StartError struct{ Err error }

func (e *StartError) Error() string { return e.Err.Error() }

// Unwrap gives the reason.
func (e *StartError) Unwrap() error { return e.Err }

// infoTime bounds one question about the host.
const infoTime = 30 * time.Second

// checker runs checks of any type in the worker.
type checker struct{ program *Program }

// Check hands the check over and waits for its report. A check whose time is up is ended there as well.
func (c checker) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	a, err := c.program.ask(ctx, func(id uint64) (request, error) {
		limit := req.Check.Timeout
		if deadline, ok := ctx.Deadline(); ok {
			limit = time.Until(deadline)
		}
		return checkRequest(id, req, limit)
	})
	died := new(deathError)
	switch {
	case errors.As(err, &died):
		return collect.Report{}, fmt.Errorf("%s died while it ran this check: %s", died.name, died.how)
	case err != nil:
		return collect.Report{}, err
	case a.Ended:
		return a.Report.unpack(), ended(ctx)
	case a.Error != "":
		return a.Report.unpack(), errors.New(a.Error)
	}
	return a.Report.unpack(), nil
}

// ended is the context's error, also where the worker's clock was a moment ahead.
func ended(ctx context.Context) error {
	timer := time.NewTimer(clockSlack)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return context.DeadlineExceeded
	}
}

// clockSlack is how much earlier than here a check's time may be up in the other process.
const clockSlack = 200 * time.Millisecond

// HostInfo asks one question about the host; the answer is host_info.get's result as JSON. Errors: *StartError, or why
// there is no answer to this question.
func (p *Program) HostInfo(ctx context.Context, name string) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, infoTime)
	defer cancel()
	a, err := p.ask(ctx, func(id uint64) (request, error) {
		return request{ID: id, HostInfo: name, Timeout: infoTime.Milliseconds()}, nil
	})
	died := new(deathError)
	switch {
	case errors.As(err, &died):
		return nil, fmt.Errorf("%s died while it looked for %q: %s", died.name, name, died.how)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("host information %q was not ready in time", name)
	case err != nil:
		return nil, err
	case a.Error != "":
		return nil, errors.New(a.Error)
	}
	return a.HostInfo, nil
}

// ask sends a request and waits for its answer. One that was under way when the process died may have killed it or be a
// bystander: it is asked once more, alone. Error: *StartError, *deathError where the process died of it alone, and others.
func (p *Program) ask(ctx context.Context, write func(id uint64) (request, error)) (answer, error) {
	proc, err := p.running()
	if err != nil {
		return answer{}, &StartError{err}
	}
	a, err := proc.ask(ctx, write)
	if died := (*deathError)(nil); errors.As(err, &died) && ctx.Err() == nil {
		return p.askAlone(ctx, died, write)
	}
	return a, err
}

// maxAlone processes for one request each run at the same time, whatever the number of those who wait for one: they are
// what is left to do when the first was killed for want of memory, too.
const maxAlone = 4

// askAlone sends a request to a process of its own. died is what became of the one that it was in before.
func (p *Program) askAlone(ctx context.Context, died *deathError, write func(id uint64) (request, error)) (answer, error) {
	p.mu.Lock()
	if p.cells == nil {
		p.cells = make(chan struct{}, maxAlone)
	}
	cells := p.cells
	p.mu.Unlock()
	select {
	case cells <- struct{}{}:
		defer func() { <-cells }()
	case <-ctx.Done():
		return answer{}, fmt.Errorf("%s died (%s) while this and others were under way, and there was no time to try it alone", died.name, died.how)
	}
	proc, err := p.begin()
	if err != nil {
		return answer{}, &StartError{err}
	}
	defer proc.close()
	return proc.ask(ctx, write)
}

// running gives the process, and starts it where there is none that lives.
func (p *Program) running() (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process != nil && !p.process.over() {
		return p.process, nil
	}
	if p.process != nil {
		p.process.close()
		p.process = nil
	}
	proc, err := p.start()
	if err != nil {
		return nil, err
	}
	p.process = proc
	return proc, nil
}

// begin starts a process beside the one that all share.
func (p *Program) begin() (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.start()
}

// start starts a process, under the lock, which keeps Path, Environ and Settings from being called by two.
func (p *Program) start() (*process, error) {
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
	return start(path, p.Environ(), greeting{Protocol: protocol, Version: p.Version, Settings: &settings})
}

// Close ends the process, if there is one, with whatever it still does. It is started again when it is needed.
func (p *Program) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process != nil {
		p.process.close()
		p.process = nil
	}
}
