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

// begin claims what is due and starts it, after having asked for the schedule where that is called for.
func (a *Agent) begin(ctx context.Context, l *link, r *round, deliver bool) error {
	local, err := schedule.LoadDir(a.ChecksDir)
	if err != nil {
		return &ConfigError{Err: err}
	}
	stale, err := a.claim(ctx, local, r, deliver && len(a.Endpoints) > 0, nil)
	l.state = r.state
	if err != nil || !stale {
		return err
	}
	var asked []schedule.Problem
	if l.held() == nil {
		asking, cancel := context.WithTimeout(ctx, askingTime(ctx))
		if err = l.openFor(asking, ctx); err == nil {
			asked, err = l.askSchedule(asking, false)
		}
		cancel()
		var unsaved *unsavedError
		if errors.As(err, &unsaved) {
			a.Verbose("schedule: it serves this run: %v", err)
		} else if err != nil {
			a.Verbose("schedule: using the last good one: %v", err)
			l.drop()
			l.failed = err
		}
	}
	_, err = a.claim(ctx, local, r, false, &l.state)
	r.problems = append(asked, r.problems...)
	return err
}

// askingTime is the part of a run's time that may pass before its checks: a quarter, at most ten seconds. An
// endpoint that lets the agent wait for its schedule does not stop the looking.
func askingTime(ctx context.Context) time.Duration {
	most := 10 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		most = min(most, time.Until(deadline)/4)
	}
	return most
}

// claim is the transaction that a run begins with, and the only one before its delivery where the checks
// are quick: their results are kept in it. With mayAsk, a schedule that should be asked for again ends
// it before anything is claimed. known, where not nil, is newer than what the disk may have.
func (a *Agent) claim(ctx context.Context, local schedule.Schedule, r *round, mayAsk bool, known *State) (stale bool, err error) {
	err = a.Spool.Update(ctx, func(tx *spool.Tx) error {
		stale, err = a.planIn(ctx, tx, local, r, mayAsk, known)
		if err != nil || stale {
			return err
		}
		if a.snapshot, err = snapshotFor(tx, r.plan, a.Now()); err != nil {
			return err
		}
		// The claims are committed with what is there by then, and the file is free while the others go on.
		if r.start(ctx); !r.endsWithin(quickChecks) && !r.hasMore() {
			return nil
		}
		return r.keepIn(tx)
	})
	switch {
	case r.over != nil: // the checks are under way or done: their results must not be lost for an error
		r.stored(err)
		return false, nil
	case err == nil:
		return stale, nil
	case errors.Is(err, spool.ErrLocked), errors.Is(err, spool.ErrNewerFormat), ctx.Err() != nil:
		return false, err
	}
	// The disk takes nothing. What it still gives tells what is due; the checks run, and the
	// results go out from memory.
	r.unsaved, r.failed = err, err
	err = a.Spool.View(ctx, func(tx *spool.Tx) error {
		stale, err = a.planIn(ctx, newOverlay(tx), local, r, mayAsk, known)
		return err
	})
	if err != nil {
		if stale, err = a.planIn(ctx, newOverlay(nothing{}), local, r, mayAsk, known); err != nil {
			return false, fmt.Errorf("claiming checks: %w", err)
		}
	}
	if !stale {
		r.start(ctx)
	}
	return stale, nil
}

// planIn reads what there is and claims what is due.
func (a *Agent) planIn(ctx context.Context, tx schedule.Store, local schedule.Schedule, r *round, mayAsk bool, known *State) (stale bool, err error) {
	now := a.Now()
	r.plan = plan{state: ReadState(tx)}
	if known != nil {
		r.state = *known
	}
	if mayAsk && (!r.state.HasCached || r.state.Cached.Stale(now, a.ScheduleMaxAge)) {
		return true, nil
	}
	sch, problems, err := scheduled(r.state, local)
	if err != nil {
		return false, err
	}
	r.problems = problems
	r.claimed, err = schedule.Claim(tx, a.ID, sch, now, func(c schedule.Check) time.Duration {
		return claimTime(ctx, c)
	})
	if err != nil {
		return false, err
	}
	r.previous = make([][]byte, len(r.claimed))
	for i, c := range r.claimed {
		r.previous[i] = tx.Get(sampleSpace, c.Check.ID)
	}
	return false, nil
}

// A ConfigError is something that the owner wrote and that cannot be used as it is.
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string { return e.Err.Error() }
func (e *ConfigError) Unwrap() error { return e.Err }
