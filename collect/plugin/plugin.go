package plugin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
			{Name: "run_as", Summary: "USER or USER:GROUP that it runs as, where the agent is root"},
		},
		Checker: &checker{dir: dir, environ: environ, guard: guardedBy},
	}
}

type checker struct {
	dir     string
	environ []string
	// guard says who else may change a file or folder.
	guard func(path string, info fs.FileInfo) error
	// stderr is where plugins write errors; nil: nowhere.
	stderr *os.File
}

// errTimeout is the cause of a context that ended at the plugin's own time limit.
var errTimeout = errors.New("plugin's time limit")

// Check runs the plugin that the check's details name.
func (c *checker) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	f, err := formatNamed(req.Check.Details)
	if err != nil {
		return collect.Report{}, err
	}
	return c.run(ctx, req.Check, f)
}

// run runs the plugin that the check names and has f read what it prints.
func (c *checker) run(ctx context.Context, check schedule.Check, f format) (collect.Report, error) {
	limit, err := timeLimit(check)
	if err != nil {
		return collect.Report{}, err
	}
	cmd, err := c.command(check)
	if err != nil {
		return collect.Report{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTimeout)
	defer cancel()
	if ctx.Err() != nil {
		return collect.Report{}, stopped(ctx, limit, 0)
	}
	started := time.Now()
	end, err := run(ctx, cmd, f)
	switch {
	case err != nil:
		return collect.Report{}, err
	case end.stopped:
		return collect.Report{}, stopped(ctx, limit, time.Since(started))
	}
	return f.report(end.exit, end.cut)
}

// command is the plugin that the check names, ready to be run.
func (c *checker) command(check schedule.Check) (cmd command, err error) {
	name, _ := check.Details.Text("file")
	if name == "" {
		return cmd, failed("Missing file parameter")
	}
	cmd.stderr = c.stderr
	if cmd.args, err = arguments(check.Details); err != nil {
		return cmd, err
	}
	if cmd.who, err = runAs(check.Details); err != nil {
		return cmd, err
	}
	if cmd.program, err = locate(c.dir, name, c.guard); err != nil {
		return cmd, err
	}
	base := c.environ
	if cmd.who != nil {
		base = cmd.who.own(base)
	}
	cmd.env, cmd.mark, err = environment(base, check)
	return cmd, err
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
