package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"virgo/collect"
)

const (
	// hostInfoTimeout is the time limit of one request for host information, targetsTimeout that of one for targets.
	hostInfoTimeout = 30 * time.Second
	targetsTimeout  = 30 * time.Second
)

// checker runs checks of any type in the worker.
type checker struct{ program *Program }

// targeter is a checker of a type that may have targets, which the worker knows.
type targeter struct {
	checker
	typ string
}

// Targets returns the possible targets of the type.
func (t targeter) Targets(ctx context.Context) ([]string, error) {
	return t.program.Targets(ctx, t.typ)
}

// Checker returns what runs checks of a type in the worker, and lists its targets.
func (p *Program) Checker(typ string) collect.Checker { return targeter{checker{p}, typ} }

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
		return collect.Report{}, c.program.death(died)
	case err != nil:
		return collect.Report{}, err
	case a.Ended:
		return a.Report.collectReport(), contextError(ctx)
	case a.Refused != nil:
		return a.Report.collectReport(), a.Refused
	case a.Failed != "":
		return a.Report.collectReport(), &collect.FailedError{Kind: a.Failed, Text: a.as.explain(a.Error)}
	case a.Error != "":
		return a.Report.collectReport(), errors.New(a.as.explain(a.Error))
	}
	return a.Report.collectReport(), nil
}

// death returns the error of a check whose process died although it ran alone.
func (p *Program) death(died *deathError) error {
	if died.Kind != "" && !died.Loading {
		return &collect.FailedError{Kind: died.Kind, Text: died.Text}
	}
	if p.Describe != nil {
		if kind, text := p.Describe(died.Death); kind != "" {
			return &collect.FailedError{Kind: kind, Text: text}
		}
	}
	return fmt.Errorf("the worker process died while it ran this check: %s", died.How)
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
	a, err := p.askWithin(ctx, hostInfoTimeout, fmt.Sprintf("host information %q", name), request{HostInfo: name})
	return a.HostInfo, err
}

// Targets returns the possible targets of a type of check. Errors: as of HostInfo.
func (p *Program) Targets(ctx context.Context, typ string) ([]string, error) {
	a, err := p.askWithin(ctx, targetsTimeout, "the targets of "+typ, request{Targets: typ})
	return a.Targets, err
}

// askWithin sends a request for what, and waits for its answer for at most limit.
func (p *Program) askWithin(ctx context.Context, limit time.Duration, what string, req request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req.Timeout = limit.Milliseconds()
	a, err := p.ask(ctx, func() (request, error) { return req, nil })
	var died *deathError
	switch {
	case errors.As(err, &died):
		return answer{}, fmt.Errorf("the worker process died while it read %s: %s", what, died.How)
	case errors.Is(err, context.DeadlineExceeded):
		return answer{}, fmt.Errorf("%s was not ready in time", what)
	case err != nil:
		return answer{}, err
	case a.Error != "":
		return answer{}, errors.New(a.Error)
	}
	return a, nil
}
