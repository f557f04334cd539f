package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// A Server is the worker's side of the talk.
type Server struct {
	// Version of the program.
	Version string
	// Open gives the checks, once the agent's settings are known.
	Open func(Settings) (*collect.Registry, error)
	// HostInfo answers a question about the host; the answer is written as JSON.
	HostInfo func(ctx context.Context, name string) (any, error)
}

// Serve answers requests from r on w, all at the same time, until r ends or ctx does; then it cancels what is under
// way, waits for it for at most [collect.Grace], and returns. Errors: a talk that is not this one, a w that cannot
// be written, or the context's; a Read of r is then left behind.
func (s Server) Serve(ctx context.Context, r io.Reader, w io.Writer) error {
	in := bufio.NewReader(endsWith(ctx, r))
	var hello greeting
	if err := readLine(in, &hello); err != nil {
		return fmt.Errorf("reading the agent's first line: %w", err)
	}
	if err := writeLine(w, greeting{Protocol: protocol, Version: s.Version}); err != nil {
		return fmt.Errorf("writing the first line: %w", err)
	}
	if hello.Protocol != protocol || hello.Settings == nil {
		return fmt.Errorf("the agent (version %.32q) speaks form %d of this talk, not %d", hello.Version, hello.Protocol, protocol)
	}
	registry, err := s.Open(*hello.Settings)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	d := &desk{server: s, registry: registry, w: w, cancels: make(map[uint64]context.CancelFunc)}
	for err == nil {
		var req request
		if err = readLine(in, &req); err == nil {
			d.take(ctx, req)
		}
	}
	cancel()
	d.wait(collect.Grace)
	if errors.Is(err, io.EOF) {
		return d.failed()
	}
	return fmt.Errorf("reading the agent's requests: %w", err)
}

// endsWith reads from r until ctx is done, even where a Read of r waits and nothing interrupts it, as that of a terminal.
func endsWith(ctx context.Context, r io.Reader) io.Reader {
	out, in := io.Pipe()
	context.AfterFunc(ctx, func() { in.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err) // nil: the end
	}()
	return out
}

// A desk is what a server has under way.
type desk struct {
	server   Server
	registry *collect.Registry
	running  sync.WaitGroup

	mu      sync.Mutex
	w       io.Writer
	wrong   error // why w cannot be written
	cancels map[uint64]context.CancelFunc
}

func (d *desk) take(ctx context.Context, req request) {
	if req.Cancel {
		d.mu.Lock()
		defer d.mu.Unlock()
		if cancel := d.cancels[req.ID]; cancel != nil {
			cancel()
		}
		return
	}
	limit := time.Duration(req.Timeout) * time.Millisecond
	if limit <= 0 {
		limit = schedule.DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	d.mu.Lock()
	d.cancels[req.ID] = cancel
	d.mu.Unlock()
	d.running.Go(func() {
		a := d.answer(ctx, req)
		cancel()
		d.say(a)
	})
}

// answer does what was asked, whatever the check does.
func (d *desk) answer(ctx context.Context, req request) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{Error: fmt.Sprintf("check panicked: %v", p)}
		}
		a.ID = req.ID
	}()
	if req.HostInfo != "" {
		return d.hostInfo(ctx, req.HostInfo)
	}
	check, err := schedule.ParseCheck(req.Check)
	if err != nil {
		return answer{Error: err.Error()}
	}
	typ, ok := d.registry.Lookup(check.Type)
	if !ok {
		return answer{Error: fmt.Sprintf("unknown check type %q", check.Type)}
	}
	if deadline, ok := ctx.Deadline(); ok {
		check.Timeout = time.Until(deadline)
	}
	rep, err := typ.Checker.Check(ctx, collect.Request{Check: check, Previous: req.Previous, Now: time.Now})
	a.Report = pack(rep)
	if err != nil {
		a.Error = err.Error()
		a.Ended = ctx.Err() != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled))
	}
	return a
}

func (d *desk) hostInfo(ctx context.Context, name string) answer {
	info, err := d.server.HostInfo(ctx, name)
	if err != nil {
		return answer{Error: err.Error()}
	}
	b, err := json.Marshal(info)
	if err != nil {
		return answer{Error: fmt.Sprintf("host information %q cannot be written down: %v", name, err)}
	}
	return answer{HostInfo: b}
}

func (d *desk) say(a answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.cancels, a.ID)
	err := writeLine(d.w, a)
	if errors.Is(err, errLongLine) {
		err = writeLine(d.w, answer{ID: a.ID, Error: fmt.Sprintf("the answer has more than %d bytes", MaxLineBytes)})
	}
	if d.wrong == nil {
		d.wrong = err
	}
}

func (d *desk) failed() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.wrong
}

// wait waits for what is under way, and not longer than it may take.
func (d *desk) wait(most time.Duration) {
	done := make(chan struct{})
	go func() {
		d.running.Wait()
		close(done)
	}()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
