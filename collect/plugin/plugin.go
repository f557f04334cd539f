package plugin

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// TypeName is what a schedule calls a plugin.
const TypeName = "agent.plugin"

// Type returns the type agent.plugin: the programs in dir. environ is what they find in their
// environment besides the check itself, each "NAME=value"; what may carry the agent's secrets is left
// out of it. A dir that is not there has no plugins.
func Type(dir string, environ ...string) collect.Type {
	return collect.Type{
		Name:    TypeName,
		Summary: "runs a program of the plugin folder and reads what it prints",
		Details: []collect.Detail{
			{Name: "file", Summary: "name of the program in the plugin folder", Required: true},
			{Name: "args", Summary: `its arguments: a list, or a text split at blanks ("…" and '…' hold one together)`},
			{Name: "timeout", Summary: "milliseconds that it may take, within the check's own timeout"},
			{Name: "format", Summary: "what it prints: virgo, nagios, checkmk, prometheus, influx or json; found by looking where absent"},
		},
		Checker: &checker{dir: dir, environ: environ},
	}
}

type checker struct {
	dir     string
	environ []string
}

// errTimeout is the cause of a context that ended at the plugin's own time limit.
var errTimeout = errors.New("plugin's time limit")

// Check runs the plugin that the check's details name.
func (c *checker) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	none := collect.Report{}
	details := req.Check.Details
	name, _ := details.Text("file")
	if name == "" {
		return none, failed("Missing file parameter")
	}
	f, err := formatNamed(details)
	if err != nil {
		return none, err
	}
	limit, err := timeLimit(req.Check)
	if err != nil {
		return none, err
	}
	args, err := arguments(details)
	if err != nil {
		return none, err
	}
	program, err := locate(c.dir, name)
	if err != nil {
		return none, err
	}
	env, mark, err := environment(c.environ, req.Check)
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTimeout)
	defer cancel()
	started := time.Now()
	end, err := run(ctx, command{program: program, args: args, env: env, mark: mark}, f)
	switch {
	case err != nil:
		return none, err
	case end.stopped:
		return none, stopped(ctx, limit, time.Since(started))
	}
	return f.report(end.exit, end.cut)
}

// stopped says why a plugin was ended.
func stopped(ctx context.Context, limit, took time.Duration) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("plugin was stopped: %w", ctx.Err())
	}
	// The runner's limit for the check has a cause of its own and comes a moment before ours; what has
	// none is the end of the run.
	if context.Cause(ctx) == context.DeadlineExceeded && took < limit {
		limit = took.Round(100 * time.Millisecond)
	}
	return failed("Plugin didn't finish in %s seconds", strconv.FormatFloat(limit.Seconds(), 'f', -1, 64))
}

// timeLimit is the check's own, or what the detail timeout (ms) says where that is shorter.
func timeLimit(c schedule.Check) (time.Duration, error) {
	limit := c.Timeout
	if limit <= 0 {
		limit = schedule.DefaultTimeout
	}
	if absent(c.Details, "timeout") {
		return limit, nil
	}
	ms, err := c.Details.Float("timeout", 0)
	if err != nil || ms < 1 {
		text, _ := c.Details.Text("timeout")
		return 0, &schedule.DetailError{Key: "timeout", Value: text[:min(len(text), 64)], Want: "a number of milliseconds from 1 on"}
	}
	if ms < float64(limit)/float64(time.Millisecond) {
		limit = time.Duration(ms * float64(time.Millisecond))
	}
	return limit, nil
}

// absent reports whether a detail is not there, or says nothing.
func absent(d schedule.Details, key string) bool { return d[key] == nil || d[key] == "" }
