package worker

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"virgo/collect"
	"virgo/collect/descriptors"
	"virgo/collect/timerslack"
)

const (
	// closeGrace is how long a process may take to exit after the end of its input.
	closeGrace = 500 * time.Millisecond
	// cancelGrace is how long a cancelled request waits for its answer; it is less than the runner's.
	cancelGrace = collect.Grace / 2
)

// Argument is the only argument with which the program virgo is started as a worker, ScriptArgument that of the
// script process, which runs checks in Lua.
const (
	Argument       = "internal-worker"
	ScriptArgument = "internal-scripts"
)

// processName is the name of a worker in lists of processes, whatever path it is started by.
const processName = "virgo"

// A process is a running worker.
type process struct {
	cmd    *exec.Cmd
	as     *Account // the user that it runs as; nil for the agent's
	stderr *stderrHead
	// ended is closed when there will be no more answers. What follows is set before.
	ended       chan struct{}
	readErr     error // why there are no more
	greeted     bool  // the greeting was that of a worker of this build
	outOfMemory bool  // its group had too much memory
	// closing means that its input was closed, and that it is to end what it started.
	closing atomic.Bool

	mu      sync.Mutex // guards what follows, and the order of lines
	opened  bool       // the worker has opened its checks, or cannot
	cannot  string     // why it cannot
	in      io.WriteCloser
	lastID  uint64
	waiting map[uint64]chan<- answer
}

// A command is how a worker is started.
type command struct {
	path, argument string
	environ        []string
	as             *Account   // nil: the agent's user
	files          []*os.File // descriptor 3 and following
	group          Group      // nil: none
}

// A Group limits a process and what it starts, together.
type Group interface {
	// Enter lets a command start in it.
	Enter(cmd *exec.Cmd)
	// End kills what is left in it. It reports whether its processes were killed because they had too much memory.
	End() (outOfMemory bool)
}

// start starts a worker and sends it the greeting hello. The worker's own greeting is read with the answers.
func start(c command, hello greeting) (*process, error) {
	p := newProcess(exec.Command(c.path, c.argument))
	as := c.as
	p.as = as
	p.cmd.Args[0] = processName
	p.cmd.Env = as.environ(c.environ)
	p.cmd.ExtraFiles = c.files
	p.cmd.Stderr = p.stderr
	p.cmd.WaitDelay = closeGrace
	ownGroup(p.cmd)
	runAs(p.cmd, as)
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the worker process: %w", err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the worker process: %w", err)
	}
	descriptors.KeepFromChildren()
	if c.group != nil {
		c.group.Enter(p.cmd)
	}
	if err := timerslack.ForChild(p.cmd.Start); err != nil {
		if c.group != nil { // an old kernel, or a sandbox, starts no process in a group
			c.group.End()
			c.group = nil
			return start(c, hello)
		}
		return nil, fmt.Errorf("starting the worker process: %s", as.explain(err.Error()))
	}
	p.in = in
	go func() {
		p.readAnswers(out, hello.Version)
		kill(p.cmd) // it must not wait for a reader of what it writes
		if !p.closing.Load() {
			killSession(p.cmd.Process.Pid) // before Wait: until then the number is taken
		}
		_ = p.cmd.Wait() // its state and its standard error tell how it ended
		if c.group != nil {
			p.outOfMemory = c.group.End()
		}
		close(p.ended)
	}()
	if err := writeLine(in, hello); err != nil {
		p.close()
		return nil, p.failure(err)
	}
	return p, nil
}

func newProcess(cmd *exec.Cmd) *process {
	return &process{
		cmd: cmd, stderr: new(stderrHead),
		ended: make(chan struct{}), waiting: make(map[uint64]chan<- answer),
	}
}

// readAnswers passes each answer to the request that waits for it, until there are no more.
func (p *process) readAnswers(out io.Reader, version string) {
	in := bufio.NewReader(out)
	var hello greeting
	err := readLine(in, &hello)
	if err == nil && (hello.Protocol != protocolVersion || hello.Version != version) {
		err = &versionError{worker: hello.Version, own: version}
	}
	p.greeted = err == nil
	for err == nil {
		var a answer
		if err = readLine(in, &a); err == nil {
			p.deliver(a)
		}
	}
	p.readErr = err
}

func (p *process) deliver(a answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a.ID == 0 {
		p.opened, p.cannot = true, a.Error
		return
	}
	if to := p.waiting[a.ID]; to != nil {
		delete(p.waiting, a.ID)
		a.as = p.as
		to <- a // buffered
	}
}

// ask sends a request and waits for its answer. If ctx is done first, it cancels the request and
// waits for up to cancelGrace, so that the check has usually ended when ask returns.
func (p *process) ask(ctx context.Context, req request) (answer, error) {
	got := make(chan answer, 1)
	p.mu.Lock()
	p.lastID++
	req.ID = p.lastID
	p.mu.Unlock()
	line, err := encodeLine(req)
	if err != nil {
		return answer{}, fmt.Errorf("encoding the request: %w", err)
	}
	p.mu.Lock()
	p.waiting[req.ID] = got
	_, err = p.in.Write(line)
	p.mu.Unlock()
	defer p.forget(req.ID)
	if err != nil {
		return answer{}, p.failure(err)
	}
	select {
	case a := <-got:
		return a, nil
	case <-p.ended:
		return lastAnswer(got, p.failure(nil))
	case <-ctx.Done():
	}
	p.cancel(req.ID)
	timer := time.NewTimer(cancelGrace)
	defer timer.Stop()
	select {
	case a := <-got:
		return a, nil
	case <-p.ended:
	case <-timer.C:
	}
	return lastAnswer(got, ctx.Err())
}

// lastAnswer returns an answer that arrived just before the process ended, or else err.
func lastAnswer(got <-chan answer, err error) (answer, error) {
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
	_ = writeLine(p.in, request{ID: id, Cancel: true}) // a process that has ended needs none
}

func (p *process) forget(id uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, id)
}

// hasEnded reports whether the process will send no more answers.
func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// close ends the process by closing its input, and kills it if it does not exit within closeGrace.
func (p *process) close() {
	p.closing.Store(true)
	p.in.Close() // without the lock, which a write to a stopped process holds
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		p.closing.Store(false)
		kill(p.cmd)
		<-p.ended
	}
}
