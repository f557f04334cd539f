package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/collect/host"
	"virgo/schedule"
	"virgo/spool"
)

// quickChecks is how long the claiming transaction waits for checks to end. Checks that only read
// figures of the kernel need less, and their results are persisted in that transaction. It is also
// the longest time that another run waits for the file because of this.
const quickChecks = 50 * time.Millisecond

// claims is the result of state Claim: the checks that only this run may run, and the state that
// earlier runs stored.
type claims struct {
	state State
	// stale means that nothing was claimed, because the cached schedule must be fetched first.
	stale    bool
	due      []schedule.Claimed
	previous [][]byte // samples of the previous run, parallel to due
	shown    shown
	problems []schedule.Problem
	// scripts are the scheduled checks of scripts, while a bundle is on trial.
	scripts []scriptCheck
	// self are the figures of agent.virgo; nil if that check is not due, or has to read the spool
	// itself.
	self *host.Self
}

// A checking is the result of states Claim and Check: the claimed checks, which may still be
// running, and how many of their results are persisted.
type checking struct {
	plan      plan
	claims    claims
	checks    *checks // nil where nothing was claimed
	persisted persisted
}

// claimAndCheck claims the due checks and starts them in one transaction (states Claim and Check).
// Results that arrive within [quickChecks] are persisted in the same transaction (state Keep),
// which saves a second one. If some checks take longer, the transaction is committed with the
// results that have arrived, so that other runs can use the file.
//
// If the disk cannot be written, the due checks are determined from the state that can be read, and
// claimed in memory.
//
// Errors: [spool.ErrLocked], [spool.ErrNewerFormat], the context's. Once checks have begun there is
// no error, because it would lose their results.
func (a *Agent) claimAndCheck(ctx context.Context, p plan) (checking, error) {
	c := checking{plan: p}
	var done outcome
	err := a.Spool.Update(ctx, func(tx *spool.Tx) (err error) {
		if c.claims, err = a.claim(ctx, tx, p); err != nil || c.claims.stale {
			return err
		}
		if c.claims.self, err = snapshotSelf(tx, c.claims, a.Now()); err != nil {
			return err
		}
		c.checks = a.startChecks(ctx, p, c.claims)
		if !a.endWithin(c.checks, quickChecks) && c.checks.count() == 0 {
			return nil
		}
		done, err = a.persist(tx, c)
		return err
	})
	switch {
	case c.checks != nil:
		c.persisted = c.persisted.after(done, err)
		return c, nil
	case err == nil:
		return c, nil
	case errors.Is(err, spool.ErrLocked), errors.Is(err, spool.ErrNewerFormat), ctx.Err() != nil:
		return c, err
	}
	c.persisted = c.persisted.after(outcome{}, err)
	if c.claims, err = a.claimInMemory(ctx, p); err == nil && !c.claims.stale {
		c.checks = a.startChecks(ctx, p, c.claims)
	}
	return c, err
}

// claimInMemory claims checks without writing: with the stored state if it can be read, else with
// none.
func (a *Agent) claimInMemory(ctx context.Context, p plan) (c claims, err error) {
	err = a.Spool.View(ctx, func(tx *spool.Tx) (err error) {
		c, err = a.claim(ctx, newOverlay(tx), p)
		return err
	})
	if err == nil {
		return c, nil
	}
	if c, err = a.claim(ctx, newOverlay(nothing{}), p); err != nil {
		return c, fmt.Errorf("claiming checks: %w", err)
	}
	return c, nil
}

// claim reads the stored state and claims the checks that are due.
func (a *Agent) claim(ctx context.Context, tx schedule.Store, p plan) (c claims, err error) {
	now := a.Now()
	c.state = ReadState(tx)
	if p.renewed != nil {
		c.state.State = *p.renewed
	}
	if p.renew && (!c.state.HasCached || c.state.Cached.Stale(now, a.ScheduleMaxAge)) {
		c.stale = true
		return c, nil
	}
	if err := a.JudgeStored(&c.state.State, tx); err != nil {
		return c, err
	}
	merged, problems := c.state.Merge(p.local)
	c.problems = problems
	claim := schedule.Claim
	if p.all {
		claim = schedule.ClaimAll
	}
	c.due, err = claim(tx, a.ID, merged, now, func(c schedule.Check) time.Duration {
		return claimTime(ctx, c)
	})
	if c.state.Bundle.State == installed.OnTrial {
		c.scripts = scheduledScripts(merged)
	}
	if p.outcomes && err == nil {
		c.shown = readShown(tx, a.ID, merged, c.due, now)
	}
	if err == nil && p.deliver && len(c.due) > 0 { // there is something to write anyway
		err = c.state.ReserveSessions(tx)
	}
	if err != nil {
		return c, err
	}
	c.previous = make([][]byte, len(c.due))
	for i, d := range c.due {
		if d.Check.Refusal == "" {
			a.Validate(&c.due[i].Check)
		}
		c.previous[i] = tx.Get(sampleSpace, d.Check.ID)
	}
	return c, nil
}

// claimGrace is how long a claim outlives its run: the time to persist the result.
const claimGrace = 10 * time.Second

// claimTime returns how long a check stays claimed: until the end of the run, because a quick check
// may have to wait for others, and at least for its own time limit.
func claimTime(ctx context.Context, c schedule.Check) time.Duration {
	left := time.Duration(0)
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	return max(c.Timeout, left) + claimGrace
}
