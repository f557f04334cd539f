package run

import (
	"context"

	"virgo/cmd/internal/link"
)

// Run performs one run; ctx has its deadline. The error is nil once the checks were claimed: how
// the delivery ended, and how many results could be neither persisted nor delivered, is in the
// report. Errors: ErrAlarms, yaml.ErrNotPlain of [link.Config].ParseYAML, and those of claiming ([spool.ErrLocked],
// [spool.ErrNewerFormat], the context's).
func (a *Agent) Run(ctx context.Context, opt Options) (Report, error) {
	plan, err := a.plan(opt)
	if err != nil {
		return Report{Started: plan.started}, err
	}
	checking, err := a.claimAndCheck(ctx, plan)
	session := link.NewSession(&a.Config, checking.claims.state.State)
	defer session.Close()
	if err == nil && checking.claims.stale {
		plan = renew(ctx, session, plan)
		checking, err = a.claimAndCheck(ctx, plan)
	}
	if err != nil {
		return Report{Started: plan.started, Problems: plan.problems}, err
	}
	kept := a.keep(ctx, checking)
	d := delivered{left: kept.memory}
	if plan.deliver {
		d = a.deliver(ctx, session, kept)
	}
	if kept.err != nil {
		a.noteLost(ctx, d.left)
	}
	if plan.judges {
		a.Judge.Tell(ctx, a.Spool, link.FinalContext)
	}
	report := a.report(checking, kept, d)
	report.Told, report.ProgramsTold = session.State().BundleToldMS, session.State().ProgramToldMS
	return report, nil
}

// report is state Report.
func (a *Agent) report(c checking, k kept, d delivered) Report {
	r := Report{
		Started:  c.plan.started,
		Took:     a.Now().Sub(c.plan.started),
		Outcomes: c.checks.outcomes,
		Problems: append(c.plan.problems, c.claims.problems...),
		Due:      len(c.claims.due),
		Kept:     len(k.records),
		Dropped:  k.dropped.bounds,
		Damaged:  k.dropped.damaged,
		Dropping: c.claims.state.Run.Dropping,
		KeepErr:  k.err,
		Delivery: d.Delivery,
		Verdict:  k.verdict,
		Summary:  c.claims.state.Bundle,
		Programs: c.claims.state.Programs,
	}
	if len(a.Mistakes) > 0 {
		r.NewMistakes = c.claims.state.Run.newMistakes(a.Mistakes)
	}
	for _, e := range c.checks.since(0) {
		if e.released {
			r.Released++
		}
	}
	c.claims.shown.addTo(&r)
	if k.err != nil {
		r.Lost = len(k.memory) - d.settledFresh
	}
	return r
}
