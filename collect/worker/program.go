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
	process *process // nil where none is running
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
	limit := req.Check.Timeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = time.Until(deadline)
	}
	a, err := c.program.ask(ctx, func(id uint64) (request, error) { return checkRequest(id, req, limit) })
	switch {
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
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("host information %q was not ready in time", name)
	case err != nil:
		return nil, err
	case a.Error != "":
		return nil, errors.New(a.Error)
	}
	return a.HostInfo, nil
}

// ask sends a request and waits for its answer.
func (p *Program) ask(ctx context.Context, write func(id uint64) (request, error)) (answer, error) {
	proc, err := p.running()
	if err != nil {
		return answer{}, &StartError{err}
	}
	return proc.ask(ctx, write)
}

// running gives the process, and starts it where there is none that lives.
func (p *Program) running() (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process != nil && !p.process.over() {
		return p.process, nil
	}
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
	if p.process != nil {
		p.process.close()
		p.process = nil
	}
	proc, err := start(path, p.Environ(), greeting{Protocol: protocol, Version: p.Version, Settings: &settings})
	if err != nil {
		return nil, err
	}
	p.process = proc
	return proc, nil
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
