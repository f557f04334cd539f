package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"virgo/schedule"
	"virgo/spool"
)

// claimGrace is how much longer than its run a claim lives: the time to keep the result.
const claimGrace = 10 * time.Second

// claimTime is how long a check stays claimed: until the run's own end, because a check that is quick by
// itself may have to wait for others, and in no case less than its own time limit.
func claimTime(ctx context.Context, c schedule.Check) time.Duration {
	left := time.Duration(0)
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	return max(c.Timeout, left) + claimGrace
}

// A plan is what one run is going to do.
type plan struct {
	claimed  []schedule.Claimed
	previous [][]byte // samples of the run before, parallel to claimed
	problems []schedule.Problem
	state    State
	// unsaved says why the claims could not be written; nil where they were.
	unsaved error
}

// Scheduled gives the checks that hold now: the endpoint's and the local ones, or the built-in where
// there are neither. The problems are checks that were left out.
func (a *Agent) Scheduled(st State) (schedule.Schedule, []schedule.Problem, error) {
	local, err := schedule.LoadDir(a.ChecksDir)
	if err != nil {
		return schedule.Schedule{}, nil, err
	}
	return scheduled(st, local)
}

func scheduled(st State, local schedule.Schedule) (schedule.Schedule, []schedule.Problem, error) {
	if !st.HasCached && len(local.Checks) == 0 {
		return schedule.Builtin(), nil, nil
	}
	merged, problems := schedule.Merge(st.Cached.Schedule, local)
	return merged, problems, nil
}

// plan claims what is due, after having asked for the schedule where that is called for.
func (a *Agent) plan(ctx context.Context, l *link, deliver bool) (plan, error) {
	local, err := schedule.LoadDir(a.ChecksDir)
	if err != nil {
		return plan{}, &ConfigError{Err: err}
	}
	mayAsk := deliver && len(a.Endpoints) > 0
	p, stale, err := a.claim(ctx, local, mayAsk, nil)
	l.state = p.state
	if err != nil || !stale {
		return p, err
	}
	var asked []schedule.Problem
	if !l.held() {
		asked, err = l.askSchedule(ctx, false)
		var unsaved *unsavedError
		if errors.As(err, &unsaved) {
			a.Verbose("schedule: it serves this run: %v", err)
		} else if err != nil {
			a.Verbose("schedule: using the last good one: %v", err)
			l.drop()
			l.failed = err
		}
	}
	p, _, err = a.claim(ctx, local, false, &l.state)
	p.problems = append(asked, p.problems...)
	return p, err
}

// claim is the transaction of the plan. With mayAsk, a schedule that should be asked for again ends it
// before anything is claimed. known, where not nil, is newer than what the disk may have.
func (a *Agent) claim(ctx context.Context, local schedule.Schedule, mayAsk bool, known *State) (p plan, stale bool, err error) {
	now := a.Now()
	within := func(tx schedule.Store) error {
		p = plan{state: ReadState(tx)}
		if known != nil {
			p.state = *known
		}
		stale = mayAsk && (!p.state.HasCached || p.state.Cached.Stale(now, a.ScheduleMaxAge))
		if stale {
			return nil
		}
		sch, problems, err := scheduled(p.state, local)
		if err != nil {
			return err
		}
		p.problems = problems
		p.claimed, err = schedule.Claim(tx, a.ID, sch, now, func(c schedule.Check) time.Duration {
			return claimTime(ctx, c)
		})
		if err != nil {
			return err
		}
		p.previous = make([][]byte, len(p.claimed))
		for i, c := range p.claimed {
			p.previous[i] = tx.Get(sampleSpace, c.Check.ID)
		}
		return nil
	}
	err = a.Spool.Update(ctx, func(tx *spool.Tx) error { return within(tx) })
	if err == nil || errors.Is(err, spool.ErrLocked) || errors.Is(err, spool.ErrNewerFormat) || ctx.Err() != nil {
		return p, stale, err
	}
	// The disk takes nothing. What it still gives tells what is due; the checks run, and the
	// results go out from memory.
	unsaved := err
	err = a.Spool.View(ctx, func(tx *spool.Tx) error { return within(newOverlay(tx)) })
	if err != nil {
		if err = within(newOverlay(nothing{})); err != nil {
			return p, stale, fmt.Errorf("claiming checks: %w", err)
		}
	}
	p.unsaved = unsaved
	return p, stale, nil
}

// A ConfigError is something that the owner wrote and that cannot be used as it is.
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string { return e.Err.Error() }
func (e *ConfigError) Unwrap() error { return e.Err }
