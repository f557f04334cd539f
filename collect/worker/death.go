package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A Death is the end of a process that should have answered.
type Death struct {
	// How it ended: the first line that it wrote to standard error, if any, and the state of the process.
	How string
	// Used is the processor time that it used.
	Used time.Duration
	// Loading means that it had not opened its checks yet: none of them can be the cause.
	Loading bool
	// OutOfMemory means that its control group had too much memory, see [Program.Group].
	OutOfMemory bool
	// Kind and Text are what the process said with [WriteFailure] before it ended; empty: nothing.
	Kind, Text string
}

// WriteFailure writes to standard error which check the process ends for, and is the last that it does: the kind and
// text of a [collect.FailedError]. The check is run alone then, and if it comes to that again, fails with it.
func WriteFailure(w io.Writer, kind, text string) {
	fmt.Fprintf(w, "%s%s: %s\n", failurePrefix, kind, text)
}

const failurePrefix = "virgo: check failed by "

// A deathError is returned when a process that had sent its greeting ended before it answered a
// request.
type deathError struct{ Death }

func (e *deathError) Error() string { return "the worker process died: " + e.How }

// A versionError is returned when the worker is of another build than the agent. Both are, or are
// installed as, one: an upgrade is under way or half done.
type versionError struct{ worker, own string }

func (e *versionError) Error() string {
	return fmt.Sprintf("the worker process is virgo %.32q and this one is %.32q: an upgrade is under way, or half done",
		e.worker, e.own)
}

// failure returns why there is no answer. err is the error of writing the request, or nil. Errors:
// *deathError if the process has ended, others if it never sent its greeting or is still running.
func (p *process) failure(err error) error {
	// A line that could not be written is explained by the end of the process, which follows.
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	select {
	case <-p.ended:
		opened, cannot := p.opening()
		if cannot != "" {
			return errors.New("the worker process cannot run checks: " + cannot)
		}
		if p.greeted {
			return &deathError{p.howItEnded(!opened)}
		}
		var other *versionError
		if errors.As(p.readErr, &other) {
			return other
		}
		if p.readErr != nil && !errors.Is(p.readErr, io.EOF) {
			err = p.readErr
		}
	case <-timer.C:
	}
	switch message := p.stderr.firstLine(); {
	case message != "":
		return fmt.Errorf("the worker process ended: %s", message)
	case err == nil:
		return errors.New("the worker process ended before it answered")
	}
	return fmt.Errorf("the worker process does not answer: %w", err)
}

// opening reports whether the process has tried to open its checks, and why it could not.
func (p *process) opening() (opened bool, cannot string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.opened, p.cannot
}

// howItEnded describes the end of a process that has ended.
func (p *process) howItEnded(loading bool) Death {
	how := p.cmd.ProcessState.String() // "signal: killed", "exit status 2"
	d := Death{How: how, Loading: loading, OutOfMemory: p.outOfMemory}
	if state := p.cmd.ProcessState; state != nil {
		d.Used = state.UserTime() + state.SystemTime()
	}
	switch message := p.stderr.firstLine(); {
	case message != "":
		if failure, ok := strings.CutPrefix(message, failurePrefix); ok {
			d.Kind, d.Text, _ = strings.Cut(failure, ": ")
		}
		d.How = message + " (" + d.How + ")"
	case !errors.Is(p.readErr, io.EOF): // it was killed for what it wrote
		d.How = p.readErr.Error()
	}
	return d
}

// maxStderrBytes is how much of standard error is stored.
const maxStderrBytes = 2 << 10

// stderrHead stores the beginning of standard error, which contains the cause of a crash.
type stderrHead struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *stderrHead) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf.Write(b[:min(len(b), maxStderrBytes-s.buf.Len())])
	return len(b), nil
}

func (s *stderrHead) firstLine() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	first, _, _ := strings.Cut(strings.TrimSpace(s.buf.String()), "\n")
	return strings.TrimPrefix(first, "virgo: error: ")
}
