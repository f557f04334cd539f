package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"virgo/cmd/virgo/internal/term"
	"virgo/collect"
	"virgo/collect/host"
	"virgo/schedule"
	"virgo/schedule/strictyaml"
)

type checkCmd struct {
	Type    string        `arg:"" optional:"" help:"The check's type, for example agent.cpu."`
	Details []string      `arg:"" optional:"" name:"key=value" help:"Its details, for example target=/."`
	List    bool          `help:"List the types there are and what they take."`
	Nagios  bool          `help:"Print a Nagios plugin's line and exit with its code (0 ok, 1 warning, 2 critical, 3 unknown)."`
	Timeout time.Duration `default:"60s" help:"Time limit."`
}

// Help is the command's own part of its help.
func (checkCmd) Help() string {
	return "Runs one check without a schedule and touches no state. Exits with 1 where the check is unavailable. " +
		"What the types take: virgo check --list; of one: virgo check TYPE --list."
}

func (c *checkCmd) Run(a *app) error {
	err := c.run(a)
	var said *exitError
	if errors.As(err, &said) && said.err == nil {
		return err
	}
	if c.Nagios && err != nil {
		fmt.Fprintln(a.out, nagiosWords[nagiosUnknown]+": "+oneLine(err.Error()))
		return &exitError{code: nagiosUnknown}
	}
	return err
}

func (c *checkCmd) run(a *app) error {
	if cfg, err := a.config(); err == nil {
		a.tokenVariable = cfg.TokenVariable() // no plugin sees it, by hand neither
	}
	reg, err := a.registry(a.selfByHand)
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
	details, err := parseDetails(c.Details, typ)
	if err != nil {
		return err
	}
	ctx, cancel := a.deadline(c.Timeout + time.Second)
	defer cancel()
	var out collect.Outcome
	runner := collect.Runner{Registry: reg, Concurrency: 1, Now: a.now}
	job := collect.Job{Check: schedule.Check{ID: c.Type, Type: c.Type, Details: details, Period: schedule.DefaultPeriod, Timeout: c.Timeout}}
	runner.Run(ctx, []collect.Job{job}, func(_ int, o collect.Outcome) { out = o })
	if a.ctx.Err() != nil {
		return a.ctx.Err()
	}
	switch {
	case c.Nagios:
		code := nagiosCode(out.Result)
		fmt.Fprintln(a.out, nagiosLine(reg, out.Result, code))
		if code != nagiosOK {
			return &exitError{code: code}
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
		return &exitError{code: exitUnexpected}
	}
	return err
}

func (a *app) showCheck(o collect.Outcome) error {
	color := term.Good
	if o.Result.State != collect.Available {
		color = term.Bad
	}
	var head term.Table
	head.Cells(
		term.Cell{Text: o.Result.CheckType, Color: term.Head},
		term.Cell{Text: string(o.Result.State), Color: color},
		term.Cell{Text: o.Result.Status},
		term.Cell{Text: term.Age(o.Took), Color: term.Faint},
	)
	if err := head.Write(a.out, a.color()); err != nil {
		return err
	}
	var t term.Table
	for _, m := range o.Result.Metrics {
		t.Cells(term.Cell{Text: m.Dimension, Color: term.Faint}, term.Cell{Text: m.Name}, term.Cell{Text: term.Value(m)})
	}
	return t.Write(a.out, a.color())
}

// lookup finds a type or suggests the near one.
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
	return typ, &exitError{exitUsage, withHint{fmt.Errorf("no check type %q", name), hint}}
}

// parseDetails reads key=value words. A type that lists its details takes no others, so that a slip
// of the finger is told.
func parseDetails(words []string, typ collect.Type) (schedule.Details, error) {
	details := make(schedule.Details)
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok || key == "" {
			return nil, usageError("%q is not of the form key=value", w)
		}
		if _, double := details[key]; double {
			return nil, usageError("detail %q is given twice", key)
		}
		if !takes(typ, key) {
			return nil, &exitError{exitUsage, withHint{fmt.Errorf("%s takes no detail %q", typ.Name, key), takesHint(typ, key)}}
		}
		details[key] = value
	}
	return details, nil
}

func takes(typ collect.Type, key string) bool {
	for _, d := range typ.Details {
		if d.Name == key {
			return true
		}
	}
	return false
}

func takesHint(typ collect.Type, key string) string {
	if len(typ.Details) == 0 {
		return "it takes none"
	}
	var names []string
	for _, d := range typ.Details {
		names = append(names, d.Name)
	}
	if near := strictyaml.Nearest(key, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "it takes " + strings.Join(names, ", ")
}

// selfByHand gives agent.virgo its figures where a person asks; the state is only read.
func (a *app) selfByHand(ctx context.Context) (host.Self, error) {
	ag, _, err := a.agent()
	if err != nil {
		return host.Self{}, errors.Join(errors.New("reading the agent's own state"), err)
	}
	return ag.Self(ctx)
}
