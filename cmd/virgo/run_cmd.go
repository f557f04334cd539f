package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"virgo/cmd/virgo/internal/agent"
	"virgo/cmd/virgo/internal/config"
	"virgo/cmd/virgo/internal/term"
	"virgo/spool"
)

type runCmd struct {
	NoDeliver bool           `help:"Only collect and keep; open no session."`
	Deadline  *time.Duration `placeholder:"50s" help:"The whole run ends before this (VIRGO_DEADLINE)."`
	Strict    bool           `help:"Exit with 4 where not everything was delivered."`
	Splay     splay          `placeholder:"TIME" help:"Wait first: this host's own share of half a minute, or TIME. Skipped on a terminal."`
}

// A splay is --splay or --splay=17s.
type splay struct {
	set  bool
	wait *time.Duration
}

// IsBool lets kong take the flag without a value.
func (splay) IsBool() bool { return true }

// Decode reads the flag's value, where it has one.
func (s *splay) Decode(ctx *kong.DecodeContext) error {
	token := ctx.Scan.Peek()
	if token.Type != kong.FlagValueToken {
		s.set = true
		return nil
	}
	ctx.Scan.Pop()
	switch v := token.Value.(type) {
	case bool:
		s.set = v
	case string:
		if !s.parse(v) {
			return fmt.Errorf("%q is no time from 0s to 59s", v)
		}
		s.set = true
	}
	return nil
}

func (s *splay) parse(text string) bool {
	d, err := time.ParseDuration(text)
	s.wait = &d
	return err == nil && d >= 0 && d < time.Minute
}

// maxSplay leaves a one-minute cron the other half of its minute to run in.
const maxSplay = 30 * time.Second

func (c *runCmd) Run(a *app) error {
	a.withoutDisk = true // what is seen goes out from memory then
	ag, cfg, err := a.agent()
	if err != nil {
		return err
	}
	a.configured()
	watched := term.IsTerminal(a.out)
	if watched {
		a.stop.listen()
	}
	if c.Splay.set && !watched {
		wait := config.Splay(cfg.AgentID, maxSplay)
		if c.Splay.wait != nil {
			wait = *c.Splay.wait
		}
		select {
		case <-time.After(wait):
		case <-a.ctx.Done():
			return a.ctx.Err()
		}
	}
	limit := cfg.Deadline
	if c.Deadline != nil {
		if limit = *c.Deadline; limit <= 0 {
			return usageError("--deadline %s is no time that a run could end in", limit)
		}
	}
	ctx, cancel := a.deadline(limit)
	defer cancel()
	show := watched || a.Verbose || a.JSON
	if term.IsTerminal(a.err) && !a.JSON {
		ag.Progress = a.progress()
	}
	rep, err := ag.Run(ctx, agent.Options{Deliver: !c.NoDeliver, KeepOutcomes: show})
	if err != nil {
		return err
	}
	for _, p := range rep.Problems {
		a.verbose("schedule: check %q left out: %v", p.CheckID, p.Err)
	}
	if show {
		if err := a.showRun(ag, rep); err != nil {
			return err
		}
	}
	return c.verdict(a, rep)
}

// verdict is the run's exit code.
func (c *runCmd) verdict(a *app, rep agent.Report) error {
	var owners *agent.ConfigError
	switch {
	case rep.Lost > 0:
		return &exitError{exitLost, withHint{
			fmt.Errorf("%d results are lost: they could not be kept (%w) and were not delivered", rep.Lost, rep.KeepErr),
			keepHint(rep.KeepErr, a.paths().State),
		}}
	case rep.KeepErr != nil:
		a.notice("the results could not be kept (%v); they were delivered from memory", rep.KeepErr)
	case rep.Dropped > 0 && rep.Dropping:
		return &exitError{code: exitLost} // it was said when it began, and cron mails every word
	case rep.Dropped > 0:
		return &exitError{exitLost, withHint{
			fmt.Errorf("%d older results were dropped to keep the spool within its bounds", rep.Dropped),
			"virgo spool status tells how much was lost; spool.max_bytes and spool.max_age set the bounds",
		}}
	}
	switch {
	case errors.As(rep.Delivery.Err, &owners):
		return rep.Delivery.Err
	case c.Strict && (rep.Delivery.Err != nil || rep.Delivery.Busy || !rep.Delivery.Tried):
		return notDelivered(rep.Delivery)
	case a.ctx.Err() != nil:
		return a.ctx.Err()
	}
	return nil
}

func keepHint(err error, dir string) string {
	if errors.Is(err, spool.ErrFull) {
		return fmt.Sprintf("make room on the disk of %q", dir)
	}
	return fmt.Sprintf("look at the disk of %q", dir)
}

// notDelivered says why, for the commands whose exit code depends on it.
func notDelivered(d agent.Delivery) error {
	var owners *agent.ConfigError
	switch {
	case errors.As(d.Err, &owners):
		return d.Err
	case d.Err != nil:
		return &exitError{exitNotDelivered, fmt.Errorf("not delivered: %w", d.Err)}
	case d.Busy:
		return &exitError{exitBusy, withHint{errors.New("another run is delivering"), "it takes along what waits; try again when it is done"}}
	default:
		return errNoEndpoint
	}
}

// progress shows on a terminal how a long delivery goes on.
func (a *app) progress() func(int) { return a.progressOf("delivered") }

// progressOf is progress of work that what names: "delivered".
func (a *app) progressOf(what string) func(int) {
	var last time.Time
	return func(n int) {
		if now := time.Now(); now.Sub(last) > 200*time.Millisecond {
			if !last.IsZero() || n > 500 {
				fmt.Fprintf(a.err, "\r%s %d results … ", what, n)
			}
			last = now
		}
	}
}
