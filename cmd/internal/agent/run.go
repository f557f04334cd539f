package agent

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/run"
	"virgo/cmd/internal/term"
	"virgo/schedule/yaml"
	"virgo/spool"
)

// RunOptions are the command line of a run. The tags are for kong, which only virgo links.
type RunOptions struct {
	All       bool           `help:"Run every check now, due or not; due times stay as they are."`
	NoDeliver bool           `help:"Run the checks and store the results, but do not deliver them."`
	Deadline  *time.Duration `placeholder:"50s" help:"Time limit of the whole run ($VIRGO_DEADLINE)."`
	Strict    bool           `help:"Exit with 4 unless everything was delivered."`
	// Show prints the report; nil: as a table, where somebody reads it.
	Show func(*run.Agent, run.Report) error `kong:"-"`
	// HandOver makes the run in place of this program if the YAML is beyond [Program.YAML], or if checks have
	// alarms. left is
	// the time until the deadline; 0 if neither the splay nor the deadline has begun. nil: the
	// error is returned.
	HandOver func(reason error, left time.Duration) error `kong:"-"`
}

// A Splay is how long a run waits before it begins; the zero value does not wait.
type Splay struct {
	Set  bool
	Wait *time.Duration // nil: a time that is fixed for each host
}

// Parse sets a time from 0s to 59s, in the form of [time.ParseDuration].
func (s *Splay) Parse(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d >= time.Minute {
		return fmt.Errorf("%q is not a time from 0s to 59s", text)
	}
	s.Set, s.Wait = true, &d
	return nil
}

// delay returns how long to wait: the flag's value, otherwise the host's own splay.
func (s Splay) delay(cfg config.Config) time.Duration {
	if s.Wait != nil {
		return *s.Wait
	}
	return config.Splay(cfg.AgentID, MaxSplay)
}

// MaxSplay leaves half of the minute to the run.
const MaxSplay = 30 * time.Second

// Run performs one run.
func (p *Program) Run(opt RunOptions, splay Splay) error {
	p.withoutDisk = true // the results are then delivered from memory
	ag, cfg, err := p.OpenAgent()
	if opt.HandOver != nil && errors.Is(err, yaml.ErrNotPlain) {
		return opt.HandOver(err, 0)
	}
	if err != nil {
		return err
	}
	limit, err := opt.limit(cfg)
	if err != nil {
		return err
	}
	interactive := term.IsTerminal(p.Out)
	if interactive {
		p.Interrupts.Listen()
	}
	if splay.Set && !interactive {
		select {
		case <-time.After(splay.delay(cfg)):
		case <-p.Context.Done():
			return p.Context.Err()
		}
	}
	ctx, cancel := p.Deadline(limit)
	defer cancel()
	show := interactive || p.Verbose || opt.Show != nil
	options := run.Options{Deliver: !opt.NoDeliver, KeepOutcomes: show, All: opt.All}
	if term.IsTerminal(p.Err) && opt.Show == nil {
		ag.Progress = p.Progress("delivered")
		options.Checking = p.checkProgress
	}
	ag.RefuseAlarms = opt.HandOver != nil
	rep, err := ag.Run(ctx, options)
	p.ClearProgress()
	if opt.HandOver != nil && (errors.Is(err, yaml.ErrNotPlain) || errors.Is(err, run.ErrAlarms)) {
		ends, _ := ctx.Deadline()
		cancel()
		return opt.HandOver(err, max(time.Until(ends), time.Millisecond))
	}
	if err != nil {
		return err
	}
	p.concludeTrial(ctx, ag, rep)
	if !opt.NoDeliver {
		p.renewIfDue(ctx, cfg, ag, rep)
		p.upgradeIfDue(ctx, cfg, ag, rep)
	}
	for _, problem := range rep.Problems {
		p.Verbosef("schedule: check %q: %v", problem.CheckID, problem.Err)
	}
	if show {
		var err error
		if opt.Show != nil {
			err = opt.Show(ag, rep)
		} else {
			err = p.showRun(ag, opt, rep)
		}
		if err != nil {
			return err
		}
	}
	p.reportBundle(ctx, ag, rep, interactive)
	untrusted := p.reportMistakes(opt.Strict, interactive, cfg, rep)
	if err := p.outcome(opt, rep, cfg.Untrusted() != nil); err != nil {
		if untrusted != nil {
			p.PrintError(p.Err, untrusted)
		}
		return err
	}
	return untrusted
}

// limit returns the time limit of the run: that of the flag, otherwise that of the configuration.
func (opt *RunOptions) limit(cfg config.Config) (time.Duration, error) {
	if opt.Deadline == nil {
		return cfg.Deadline, nil
	}
	if *opt.Deadline <= 0 {
		return 0, UsageError("--deadline must be longer than 0s, not %s", *opt.Deadline)
	}
	return *opt.Deadline, nil
}

// outcome returns the error for the run's exit code. untrusted means that nothing may be delivered
// because of a mistake, which has its own error.
func (p *Program) outcome(opt RunOptions, rep run.Report, untrusted bool) error {
	var configError *link.ConfigError
	switch {
	case rep.Lost > 0:
		return &ExitError{ExitLost, withHint{
			fmt.Errorf("%s not be stored (%w) and were not delivered",
				term.Count(rep.Lost, "result is lost: it could", "results are lost: they could"), rep.KeepErr),
			storeHint(rep.KeepErr, p.Paths().State),
		}}
	case rep.KeepErr != nil:
		p.Notice("the results could not be stored (%v); they were delivered from memory", rep.KeepErr)
	case rep.Damaged > 0:
		return &ExitError{ExitLost, withHint{
			fmt.Errorf("%d older results are lost: they could not be read any more%s", rep.Damaged, alsoDropped(rep)),
			fmt.Sprintf("check the disk of %q; virgo spool status shows how much was lost", p.Paths().State),
		}}
	case rep.Dropped > 0 && rep.Dropping:
		return &ExitError{Code: ExitLost} // it was printed when it began, and cron mails every line
	case rep.Dropped > 0:
		return &ExitError{ExitLost, withHint{
			fmt.Errorf("%d older results were dropped to keep the spool within its bounds", rep.Dropped),
			"virgo spool status shows how much was lost; spool.max_bytes and spool.max_age set the bounds",
		}}
	case p.lostInRepair:
		return &ExitError{Code: ExitLost} // the repair printed it
	}
	switch {
	case p.Context.Err() != nil:
		return WithHint(p.Context.Err(), interruptedRun(rep))
	case errors.As(rep.Delivery.Err, &configError):
		if opt.Strict {
			return rep.Delivery.Err
		}
		if rep.Delivery.Noticed {
			return &ExitError{Code: ExitUsage} // printed when it began, and cron mails every line
		}
		return nil
	case untrusted:
		return nil
	case opt.Strict && (rep.Delivery.Err != nil || rep.Delivery.Busy || !rep.Delivery.Tried):
		return NotDelivered(rep.Delivery)
	}
	return nil
}

// alsoDropped continues an error with the results that the spool's bounds dropped besides.
func alsoDropped(rep run.Report) string {
	if rep.Dropped == 0 {
		return ""
	}
	return fmt.Sprintf("; %d more were dropped to keep the spool within its bounds", rep.Dropped)
}

// interruptedRun says what is kept of a run that was interrupted.
func interruptedRun(rep run.Report) string {
	var parts []string
	if rep.Due > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d results are stored", rep.Kept, rep.Due))
	}
	if rep.Delivery.Delivered > 0 {
		parts = append(parts, fmt.Sprintf("%d were delivered", rep.Delivery.Delivered))
	}
	if rep.Released > 0 {
		parts = append(parts, "the next run makes the others")
	} else {
		parts = append(parts, "the next run delivers what waits")
	}
	return strings.Join(parts, ", ")
}

func storeHint(err error, dir string) string {
	if errors.Is(err, spool.ErrFull) {
		return fmt.Sprintf("make room on the disk of %q", dir)
	}
	return fmt.Sprintf("check the disk of %q", dir)
}

// NotDelivered returns the error for a delivery that failed, for commands whose exit code depends
// on it.
func NotDelivered(d run.Delivery) error {
	var configError *link.ConfigError
	switch {
	case errors.As(d.Err, &configError):
		return d.Err
	case d.Err != nil:
		return &ExitError{ExitNotDelivered, fmt.Errorf("not delivered: %w", d.Err)}
	case d.Busy:
		return &ExitError{ExitBusy, withHint{
			errors.New("another run is delivering"), "it delivers these results too; try again when it has ended",
		}}
	default:
		return ErrNoEndpoint
	}
}

// ErrNoEndpoint is returned by commands that need an endpoint if none is configured.
var ErrNoEndpoint = &ExitError{ExitUsage, withHint{
	errors.New("no endpoint is configured"), "virgo setup --endpoint HOST:PORT",
}}
