package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
)

// A Program is the worker as the agent uses it. It is started when it is first needed, and again
// after a Close. It is safe for concurrent use.
type Program struct {
	// Path returns the path of the program virgo, which is started with the Argument. Its error becomes
	// the status of the checks.
	Path func() (string, error)
	// Argument is [Argument] or [ScriptArgument]; empty: the first.
	Argument string
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
	// Open opens the bundle of the script process, and says in its settings which one it is. It is called after Settings;
	// nil, or no file: there is none.
	Open func(*ScriptSettings) (*os.File, error)
	// Group returns the group of the next process; nil, or a nil Group: it is in none.
	Group func() Group
	// Describe says in which way a check failed whose process died although it ran alone: the kind and text of a
	// [collect.FailedError]; nil: that the process died.
	Describe func(Death) (kind, text string)
	// Alone is the number of processes that run a single request each at the same time; 0: maxAlone.
	Alone int

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

// maxAlone is the number of processes that run a single request each at the same time, where a Program does not set it.
// The others wait, because the shared process may have been killed for lack of memory.
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
			died.How)
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
		p.alone = make(chan struct{}, cmp.Or(p.Alone, maxAlone))
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
	hello := greeting{Protocol: protocolVersion, Version: p.Version, Settings: &settings}
	run := command{path: path, argument: cmp.Or(p.Argument, Argument), environ: p.Environ(), as: as}
	if p.Open != nil && settings.Scripts != nil {
		f, err := p.Open(settings.Scripts)
		if err != nil {
			return nil, err
		}
		if f != nil {
			defer f.Close()
			run.pass(f, settings.Scripts)
		}
	}
	if p.Group != nil {
		run.group = p.Group()
	}
	return start(run, hello)
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
