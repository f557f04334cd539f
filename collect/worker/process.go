package worker

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"virgo/collect"
)

const (
	// closeGrace is what a process may take to end once its input has.
	closeGrace = 500 * time.Millisecond
	// cancelGrace is how long a cancelled check is waited for; it is less than the runner's.
	cancelGrace = collect.Grace / 2
	// maxSaidBytes of what it prints on standard error are kept: the reason why it ended.
	maxSaidBytes = 2 << 10
)

// A process is the worker program, running.
type process struct {
	name string
	cmd  *exec.Cmd
	said *lastWords
	// ended is closed when nothing more will be answered; what follows is set before.
	ended   chan struct{}
	wrong   error
	greeted bool // it was the program that it was taken for

	mu      sync.Mutex // guards what follows, and the order of lines
	in      io.WriteCloser
	next    uint64
	waiting map[uint64]chan<- answer
}

// start starts the program at path and greets it. Its answer to that is read with the others.
func start(path string, environ []string, hello greeting) (*process, error) {
	p := &process{
		name: filepath.Base(path), cmd: exec.Command(path, Argument), said: new(lastWords),
		ended: make(chan struct{}), waiting: make(map[uint64]chan<- answer),
	}
	p.cmd.Env = environ
	p.cmd.Stderr = p.said
	p.cmd.WaitDelay = closeGrace
	ownGroup(p.cmd)
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	p.in = in
	go p.read(out, hello.Version)
	if err := writeLine(in, hello); err != nil {
		p.close()
		return nil, p.failure(err)
	}
	return p, nil
}

// Argument is the first and only argument of the program as a worker.
const Argument = "serve"

// read hands out the answers until there are no more.
func (p *process) read(out io.Reader, version string) {
	in := bufio.NewReader(out)
	var hello greeting
	err := readLine(in, &hello)
	if err == nil && hello.Protocol != protocol {
		err = fmt.Errorf("its version is %.32q, virgo's %.32q: install both of one version", hello.Version, version)
	}
	p.greeted = err == nil
	for err == nil {
		var a answer
		if err = readLine(in, &a); err == nil {
			p.deliver(a)
		}
	}
	// Whatever it has to say is said; it must not wait for a reader, and neither may its end.
	kill(p.cmd)
	_ = p.cmd.Wait() // how it ended is told by what it said, and by its state
	p.wrong = err
	close(p.ended)
}

func (p *process) deliver(a answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if to := p.waiting[a.ID]; to != nil {
		delete(p.waiting, a.ID)
		to <- a // it has room
	}
}

// ask sends a request and waits for the answer. When ctx is done first, the request is cancelled there and
// the answer is waited for a moment longer, so that nothing is left under way.
func (p *process) ask(ctx context.Context, write func(id uint64) (request, error)) (answer, error) {
	got := make(chan answer, 1)
	p.mu.Lock()
	p.next++
	id := p.next
	req, err := write(id)
	if err == nil {
		p.waiting[id] = got
		_, err = p.in.Write(req.appendLine(nil))
	}
	p.mu.Unlock()
	if err != nil {
		p.forget(id)
		return answer{}, p.failure(err)
	}
	select {
	case a := <-got:
		return a, nil
	case <-p.ended:
		return p.last(got, p.failure(nil))
	case <-ctx.Done():
	}
	p.cancel(id)
	timer := time.NewTimer(cancelGrace)
	defer timer.Stop()
	select {
	case a := <-got:
		return a, nil
	case <-p.ended:
	case <-timer.C:
	}
	p.forget(id)
	return p.last(got, ctx.Err())
}

// last is an answer that came with the process's end, or else err.
func (p *process) last(got <-chan answer, err error) (answer, error) {
	select {
	case a := <-got:
		return a, nil
	default:
		return answer{}, err
	}
}

func (p *process) cancel(id uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.in.Write((&request{ID: id, Cancel: true}).appendLine(nil)) // one that has ended needs none
}

func (p *process) forget(id uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, id)
}

// over says whether the process answers no more.
func (p *process) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// close ends the process: by the end of its input, and where that does not help by force.
func (p *process) close() {
	p.in.Close() // without the lock: a writer that waits for a stopped process holds it
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		kill(p.cmd)
		<-p.ended
	}
}

// A deathError is returned when a process that had answered the greeting ended before it answered a request.
type deathError struct {
	name, how string
}

func (e *deathError) Error() string { return e.name + " died: " + e.how }

// failure is why there is no answer: what the process said at last tells most. Error: *deathError among others.
func (p *process) failure(err error) error {
	// Its end explains a line that could not be written; it comes a moment later.
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	select {
	case <-p.ended:
		if p.greeted {
			return &deathError{p.name, p.how()}
		}
		if p.wrong != nil && !errors.Is(p.wrong, io.EOF) {
			err = p.wrong
		}
	case <-timer.C:
	}
	switch said := p.said.line(); {
	case said != "":
		return fmt.Errorf("%s ended: %s", p.name, said)
	case err == nil:
		return fmt.Errorf("%s ended before it answered", p.name)
	}
	return fmt.Errorf("%s does not answer: %w", p.name, err)
}

// how is how an ended process ended.
func (p *process) how() string {
	state := p.cmd.ProcessState.String() // "signal: killed", "exit status 2"
	switch said := p.said.line(); {
	case said != "":
		return said + " (" + state + ")"
	case !errors.Is(p.wrong, io.EOF): // it was ended for what it wrote
		return p.wrong.Error()
	}
	return state
}

// lastWords keeps the first part of what a process prints on standard error: a crash is told at its beginning.
type lastWords struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lastWords) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Write(b[:min(len(b), maxSaidBytes-l.buf.Len())])
	return len(b), nil
}

func (l *lastWords) line() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	first, _, _ := strings.Cut(strings.TrimSpace(l.buf.String()), "\n")
	return strings.TrimPrefix(first, "virgo-checks: error: ")
}
