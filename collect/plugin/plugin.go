package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
	"virgo/schedule/policy"
	"virgo/schedule/shorttext"
)

// TypeName is the check type of plugins.
const TypeName = "agent.plugin"

// maxShownBytes is how much of a detail an error message shows.
const maxShownBytes = 64

// Options say where plugins are and how they run.
type Options struct {
	// Dir is the plugin folder, which need not exist.
	Dir string
	// Environ is the agent's environment, as "NAME=value". Plugins have its variables of a few names.
	Environ []string
	// Variables are the owner's own, of any name; they win over Environ.
	Variables []string
	// Large is called before the output of a plugin needs much memory; nil: not called.
	Large func()
}

// Type returns the check type agent.plugin.
func Type(opt Options) collect.Type {
	return collect.Type{
		Name:    TypeName,
		Summary: "runs a program in the plugin folder and parses its output",
		Details: []collect.Detail{
			{Name: "file", Role: schedule.Program, Summary: "name of the program in the plugin folder", Required: true},
			{Name: "args", Role: schedule.Arguments, Kind: detail.List, Summary: `its arguments: a list, or a string split at blanks except within "…" and '…'`},
			{Name: "timeout", Role: schedule.Free, Kind: detail.Milliseconds, Min: 1, Summary: "time limit in milliseconds, at most the check's own timeout"},
			{Name: "format", Role: schedule.Other, Kind: detail.Choice, Choices: Formats(), Summary: "format of its output; detected if absent"},
			{Name: "run_as", Role: schedule.Other, Summary: "USER or USER:GROUP to run as, if the agent is root"},
		},
		OwnDetails: true, // they are in the plugin's environment
		Checker: &checker{
			dir: opt.Dir, environ: opt.Environ, variables: opt.Variables, resolve: resolveOwned,
			large: &largeOutputs{large: opt.Large},
		},
	}
}

type checker struct {
	dir                string
	environ, variables []string
	resolve            resolveFunc
	stderr             io.Writer     // gets the lines of plugins' standard error; may be nil
	large              *largeOutputs // nil: long outputs are not bounded
}

// errTimeout is the cause of a context that ended at the plugin's time limit.
var errTimeout = errors.New("plugin's time limit")

// Check runs the plugin that the check's details name.
func (c *checker) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	f, err := formatFromDetails(req.Check.Details)
	if err != nil {
		return collect.Report{}, err
	}
	return c.run(ctx, req.Check, req.Guard, f)
}

// run runs the plugin that the check names, if the guard allows it, and parses its output with f.
func (c *checker) run(ctx context.Context, check schedule.Check, g *policy.Guard, f format) (collect.Report, error) {
	limit, err := timeLimit(check)
	if err != nil {
		return collect.Report{}, err
	}
	cmd, err := c.command(check, g)
	if err != nil {
		return collect.Report{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTimeout)
	defer cancel()
	if ctx.Err() != nil {
		return collect.Report{}, stopError(ctx, limit, 0, 0)
	}
	started := time.Now()
	end, err := run(ctx, cmd, f)
	if err != nil {
		return collect.Report{}, err
	}
	if end.stopped {
		err = stopError(ctx, limit, time.Since(started), end.waited)
		return collect.Report{Release: end.release}, err
	}
	report, err := f.report(end.exit, end.truncated)
	report.Release = end.release
	var line lineFailure
	switch {
	case errors.As(err, &line):
		name, _ := check.Details.Text("file")
		err = failure(line.Error() + "; virgo plugin test " + shorttext.QuoteShell(name) + " shows each line")
	case end.exit == (exit{}): // it has not failed
	case err != nil && strings.Contains(err.Error(), end.exit.fault()):
		err = failure(withReason(err.Error(), end.reason))
	case report.Unavailable && report.Status == end.exit.fault():
		report.Status = withReason(report.Status, end.reason)
	}
	return report, err
}

// command returns the command that runs the check's plugin. Error: *[policy.RefusedError] where a link leads
// to a file that the guard does not allow, or out of the plugin folder.
func (c *checker) command(check schedule.Check, g *policy.Guard) (cmd command, err error) {
	name, err := collect.OptionalText(check.Details, "file")
	if err != nil {
		return cmd, err
	}
	if name == "" {
		return cmd, failuref("Missing file parameter")
	}
	cmd.stderr, cmd.large = c.stderr, c.large
	if cmd.args, err = parseArgs(check.Details); err != nil {
		return cmd, err
	}
	if cmd.who, err = runAs(check.Details); err != nil {
		return cmd, err
	}
	cmd.program, err = locate(c.dir, name, c.resolve)
	switch {
	case g != nil && errors.Is(err, errOutsideFolder):
		return cmd, &policy.RefusedError{Type: TypeName, Field: "file", Value: name}
	case err != nil:
		return cmd, err
	}
	if err := g.Path(cmd.program.inFolder()); err != nil {
		return cmd, err
	}
	base := named(c.environ)
	if cmd.who != nil {
		base = cmd.who.withLoginVariables(base)
	}
	cmd.env, cmd.mark, err = environment(withVariables(base, c.variables), check)
	return cmd, err
}

// stopError returns why a plugin was stopped after took, of which its output was not read for waited.
func stopError(ctx context.Context, limit, took, waited time.Duration) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("plugin was stopped: %w", ctx.Err())
	}
	// The runner's limit for the check has a cause of its own. A deadline without a cause is the
	// run's, which may come before the plugin's limit.
	if context.Cause(ctx) == context.DeadlineExceeded && took < limit {
		limit = took.Round(100 * time.Millisecond)
	}
	text := "Plugin didn't finish in " + inSeconds(limit)
	if waited = waited.Round(100 * time.Millisecond); waited > 0 {
		text += ", for " + inSeconds(waited) + " of which its long output waited for those of other plugins"
	}
	return failure(text)
}

func inSeconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " seconds"
}

// timeLimit returns the check's timeout, or the detail timeout (ms) where that is shorter.
func timeLimit(c schedule.Check) (time.Duration, error) {
	limit := c.Timeout
	if limit <= 0 {
		limit = schedule.DefaultTimeout
	}
	if isAbsent(c.Details, "timeout") {
		return limit, nil
	}
	own, err := c.Details.Duration("timeout", time.Millisecond, 0)
	if err != nil || own < time.Millisecond {
		text, _ := c.Details.Text("timeout")
		return 0, &schedule.DetailError{
			Key: "timeout", Value: shorttext.Truncate(text, maxShownBytes), Want: "a number of milliseconds from 1 on",
		}
	}
	return min(own, limit), nil
}

// isAbsent reports whether a detail is missing or empty.
func isAbsent(d schedule.Details, key string) bool { return d[key] == nil || d[key] == "" }
