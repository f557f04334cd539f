package run

import (
	"context"
	"time"

	"virgo/cmd/internal/link"
	"virgo/schedule"
)

// A plan is the result of state Plan. The endpoint's schedule is not part of it: state Claim reads
// it, as the first state to open the spool.
type plan struct {
	started  time.Time
	outcomes bool // are wanted in the report
	checking func(running []string, all int)
	all      bool // checks are claimed, due or not
	deliver  bool
	local    schedule.Schedule // the checks of ChecksDir
	// judges is true if some of them have alarms, and somebody judges them.
	judges bool
	// renew lets state Claim return without claims if the cached schedule must be fetched first.
	renew bool
	// renewed is the state after the schedule was fetched, which is newer than the stored one; nil:
	// the stored state is used.
	renewed *link.State
	// problems are the mistakes in the local checks and in the fetched schedule.
	problems []schedule.Problem
}

// plan is state Plan. Errors: that of [schedule.LoadDir], ErrAlarms.
func (a *Agent) plan(opt Options) (plan, error) {
	p := plan{started: a.Now(), outcomes: opt.KeepOutcomes, checking: opt.Checking, all: opt.All}
	p.deliver = opt.Deliver && len(a.Endpoints) > 0 && a.Untrusted == nil
	p.renew = p.deliver
	var err error
	p.local, p.problems, err = schedule.LoadDir(a.ChecksDir, a.ParseYAML)
	if err == nil && hasAlarms(p.local.Checks) {
		if a.Judge == nil && a.RefuseAlarms {
			err = ErrAlarms
		}
		p.judges = a.Judge != nil && a.Judge.Wants(&p.local)
	}
	return p, err
}

func hasAlarms(checks []schedule.Check) bool {
	for i := range checks {
		if checks[i].Alarms != nil {
			return true
		}
	}
	return false
}

// renew is state Plan for a run whose cached schedule must be fetched first. The session stays
// open.
func renew(ctx context.Context, s *link.Session, p plan) plan {
	p.problems = append(p.problems, s.Renew(ctx)...)
	st := s.State()
	p.renew, p.renewed = false, &st
	return p
}
