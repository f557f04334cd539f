package worker

import (
	"bufio"
	"cmp"
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

// A Server is the worker's side of the protocol.
type Server struct {
	// Version tells the build of the program from others.
	Version string
	// Open returns the checks. It is called once the agent's settings are known.
	Open func(Settings) (*collect.Registry, error)
	// Unknown returns why a type is not among the checks; nil: nobody knows.
	Unknown func(checkType string) error
	// HostInfo returns host information of the named type; it is encoded as JSON.
	HostInfo func(ctx context.Context, name string) (any, error)
	// Trial does a job of [Program.Trial]; nil where there are no scripts.
	Trial func(ctx context.Context, job json.RawMessage) (any, error)
}

// Serve answers requests from r on w, all at the same time, until r ends or ctx is done. Then it
// cancels the requests that still run, waits for them for at most [collect.Grace], and returns.
// Errors: r does not follow the protocol, w cannot be written, or the context's; in the last case a
// Read of r may still be blocked.
func (s Server) Serve(ctx context.Context, r io.Reader, w io.Writer) error {
	in := bufio.NewReader(readUntilDone(ctx, r))
	var hello greeting
	if err := readLine(in, &hello); err != nil {
		return fmt.Errorf("reading the agent's first line: %w", err)
	}
	if err := writeLine(w, greeting{Protocol: protocolVersion, Version: s.Version}); err != nil {
		return fmt.Errorf("writing the first line: %w", err)
	}
	if hello.Protocol != protocolVersion || hello.Version != s.Version || hello.Settings == nil {
		return fmt.Errorf("the agent is virgo %.32q, with version %d of the worker protocol; this is virgo %.32q, with version %d",
			hello.Version, hello.Protocol, s.Version, protocolVersion)
	}
	registry, err := s.Open(*hello.Settings)
	opened := answer{}
	if err != nil {
		opened.Error = err.Error()
	}
	if wrote := writeLine(w, opened); err != nil || wrote != nil {
		return cmp.Or(err, wrote)
	}
	ctx, cancel := context.WithCancel(ctx)
	active := &requests{server: s, registry: registry, w: w, cancels: make(map[uint64]context.CancelFunc)}
	for err == nil {
		var req request
		if err = readLine(in, &req); err == nil {
			active.handle(ctx, req)
		}
	}
	cancel()
	active.wait(collect.Grace)
	if errors.Is(err, io.EOF) {
		return active.firstWriteError()
	}
	return fmt.Errorf("reading the agent's requests: %w", err)
}

// readUntilDone returns a reader of r that ends when ctx is done, even if a Read of r blocks and
// cannot be interrupted, as on a terminal.
func readUntilDone(ctx context.Context, r io.Reader) io.Reader {
	out, in := io.Pipe()
	context.AfterFunc(ctx, func() { in.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err) // nil: the end
	}()
	return out
}

// requests are the requests that a server has not answered yet.
type requests struct {
	server   Server
	registry *collect.Registry
	running  sync.WaitGroup

	mu       sync.Mutex
	w        io.Writer
	writeErr error // the first
	cancels  map[uint64]context.CancelFunc
}

// handle starts to answer a request, or cancels one.
func (r *requests) handle(ctx context.Context, req request) {
	if req.Cancel {
		r.mu.Lock()
		defer r.mu.Unlock()
		if cancel := r.cancels[req.ID]; cancel != nil {
			cancel()
		}
		return
	}
	limit := time.Duration(req.Timeout) * time.Millisecond
	if limit <= 0 {
		limit = schedule.DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	r.mu.Lock()
	r.cancels[req.ID] = cancel
	r.mu.Unlock()
	r.running.Go(func() {
		a := r.answer(ctx, req)
		cancel()
		r.reply(a)
	})
}

// answer performs a request; a panic becomes an answer as well.
func (r *requests) answer(ctx context.Context, req request) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{Error: fmt.Sprintf("check panicked: %v", p)}
		}
		a.ID = req.ID
	}()
	if req.HostInfo != "" {
		return r.hostInfo(ctx, req.HostInfo)
	}
	if req.Targets != "" {
		return r.targets(ctx, req.Targets)
	}
	if req.Trial != nil {
		return r.trial(ctx, req.Trial)
	}
	check, err := schedule.ParseCheck(req.Check)
	if err != nil {
		return answer{Error: err.Error()}
	}
	typ, ok := r.registry.Lookup(check.Type)
	if !ok {
		typ.Checker = collect.CheckerFunc(func(context.Context, collect.Request) (collect.Report, error) {
			return collect.Report{}, r.unknown(check.Type)
		})
	}
	if deadline, ok := ctx.Deadline(); ok {
		check.Timeout = time.Until(deadline)
	}
	report, err := typ.Checker.Check(ctx, collect.Request{Check: check, Previous: req.Previous, Guard: req.Guard, Now: time.Now})
	a.Report = toReport(report)
	if err != nil {
		a.Error = err.Error()
		errors.As(err, &a.Refused)
		if failed := (*collect.FailedError)(nil); errors.As(err, &failed) {
			a.Failed = failed.Kind
		}
		a.Ended = ctx.Err() != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled))
	}
	return a
}

// unknown returns the error of a type that is not among the checks.
func (r *requests) unknown(checkType string) error {
	if r.server.Unknown != nil {
		if err := r.server.Unknown(checkType); err != nil {
			return err
		}
	}
	return fmt.Errorf("unknown check type %q", checkType)
}

func (r *requests) hostInfo(ctx context.Context, name string) answer {
	info, err := r.server.HostInfo(ctx, name)
	if err != nil {
		return answer{Error: err.Error()}
	}
	b, err := json.Marshal(info)
	if err != nil {
		return answer{Error: fmt.Sprintf("encoding host information %q: %v", name, err)}
	}
	return answer{HostInfo: b}
}

func (r *requests) targets(ctx context.Context, typ string) answer {
	t, ok := r.registry.Lookup(typ)
	lister, lists := t.Checker.(collect.Targeter)
	switch {
	case !ok:
		return answer{Error: r.unknown(typ).Error()}
	case !lists:
		return answer{Error: fmt.Sprintf("%s has no targets", typ)}
	}
	targets, err := lister.Targets(ctx)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Targets: targets}
}

func (r *requests) reply(a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cancels, a.ID)
	err := writeLine(r.w, a)
	if errors.Is(err, errLongLine) {
		err = writeLine(r.w, answer{ID: a.ID, Error: fmt.Sprintf("the answer has more than %d bytes", MaxLineBytes)})
	}
	if r.writeErr == nil {
		r.writeErr = err
	}
}

func (r *requests) firstWriteError() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.writeErr
}

// wait waits for at most limit for the running requests.
func (r *requests) wait(limit time.Duration) {
	done := make(chan struct{})
	go func() {
		r.running.Wait()
		close(done)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
