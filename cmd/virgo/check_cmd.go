package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/collect"
	"virgo/collect/host"
	"virgo/schedule"
)

type checkCmd struct {
	Type    string   `arg:"" optional:"" help:"Check type, for example agent.cpu."`
	Details []string `arg:"" optional:"" name:"key=value" help:"Details of the check, for example target=/."`
	List    bool     `help:"List the check types with their details."`
	Nagios  bool     `help:"Print one line and exit like a Nagios plugin (0 ok, 1 warning, 2 critical, 3 unknown)."`
	// Not separated by commas, which a dimension may contain.
	Warning  []string `sep:"none" placeholder:"METRIC=RANGE" help:"With --nagios: warning if the metric is outside the range (10, 10:, ~:10, 10:20, or within @10:20). May be repeated."`
	Critical []string `sep:"none" placeholder:"METRIC=RANGE" help:"With --nagios: critical, likewise."`

	Timeout time.Duration `default:"60s" help:"Time limit of the check."`
}

// Help returns the text below the summary in the help.
func (checkCmd) Help() string {
	return "Runs one check without the schedule and changes no state. Exits with 1 if the check is unavailable. " +
		"`virgo check --list` lists the types, `virgo check TYPE --list` the details of one.\n\n" +
		"A list or an object is JSON: args='[\"-w\",\"5\"]', headers='{\"Accept\":\"text/html\"}'. A list may also be " +
		"its key, repeated: args=-w args=5.\n\n" +
		"The ranges of --warning and --critical are those of the Monitoring Plugins Development Guidelines. METRIC is a " +
		"metric's name, or dimension.name for one dimension."
}

func (c *checkCmd) Run(a *app) error {
	if c.Nagios {
		a.Overdue = func(err error) error { return nagiosUnknownError(a.Program, err) }
	}
	err := c.run(a)
	if c.Nagios && err != nil {
		return nagiosUnknownError(a.Program, err)
	}
	return err
}

func (c *checkCmd) run(a *app) error {
	if c.Timeout <= 0 {
		return agent.UsageError("--timeout must be longer than 0s, not %s", c.Timeout)
	}
	output, err := newNagiosOutput(c.Warning, c.Critical)
	switch {
	case err != nil:
		return err
	case !c.Nagios && len(c.Warning)+len(c.Critical) > 0:
		return agent.UsageError("--warning and --critical are for --nagios")
	}
	a.HideToken()
	reg, err := a.Registry(a.readSelf)
	if err != nil {
		return err
	}
	if c.List || c.Type == "" {
		return c.list(a, reg)
	}
	typ, err := lookup(reg, c.Type)
	if err != nil {
		return err
	}
	if typ, err = a.Declared(a.Context, typ); err != nil {
		return err
	}
	details, err := parseDetails(c.Details, typ)
	if err != nil {
		return err
	}
	out, err := a.runCheck(reg, schedule.Check{ID: c.Type, Type: c.Type, Details: details, Timeout: c.Timeout})
	if err != nil {
		return err
	}
	switch {
	case c.Nagios:
		line, code, err := output.format(reg, out.Result)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.Out, line)
		if code != nagiosOK {
			return &agent.ExitError{Code: code}
		}
		return nil
	case a.JSON:
		err = a.printJSON(struct {
			document
			Result resultDocument `json:"result"`
		}{document{schemaVersion}, newResultDocument(out)})
	default:
		err = a.showCheck(out)
	}
	if err == nil && out.Result.State != collect.Available {
		return &agent.ExitError{Code: agent.ExitUnexpected}
	}
	return err
}

// runCheck runs a check without the schedule. Error: the run was interrupted.
func (a *app) runCheck(reg *collect.Registry, check schedule.Check) (out collect.Outcome, err error) {
	ctx, cancel := a.Deadline(check.Timeout + time.Second)
	defer cancel()
	check.Period = schedule.DefaultPeriod
	runner := collect.Runner{Registry: reg, Concurrency: 1, Now: a.Now}
	runner.Run(ctx, []collect.Job{{Check: check}}, func(_ int, o collect.Outcome) { out = o })
	return out, a.Context.Err()
}

func (a *app) showCheck(o collect.Outcome) error {
	return a.showResult(o.Result, o.Result.CheckType, term.Age(o.Took))
}

// lookup returns a check type; its error suggests the nearest one.
func lookup(reg *collect.Registry, name string) (collect.Type, error) {
	typ, ok := reg.Lookup(name)
	if ok {
		return typ, nil
	}
	var known []string
	for _, t := range reg.Types() {
		known = append(known, t.Name)
	}
	hint := "the types are " + strings.Join(known, ", ")
	if near := reg.Suggest(name); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return typ, agent.WithCode(agent.ExitUsage, agent.WithHint(fmt.Errorf("no check type %q", name), hint))
}

// readSelf returns the figures of agent.virgo for virgo check; it only reads the state.
func (a *app) readSelf(ctx context.Context) (host.Self, error) {
	ag, _, err := a.OpenAgentToRead()
	if err != nil {
		return host.Self{}, errors.Join(errors.New("reading the agent's own state"), err)
	}
	return ag.Self(ctx)
}
