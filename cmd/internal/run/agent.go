package run

import (
	"context"
	"errors"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/link"
	"virgo/collect"
	"virgo/schedule"
	"virgo/spool"
)

// An Agent is one host's virgo, ready to run.
type Agent struct {
	link.Config
	// ScheduleMaxAge is the age at which the cached schedule is fetched again.
	ScheduleMaxAge time.Duration
	// Mistakes are the mistakes in the configuration, one line each. They are stored with the run, so
	// that the next one knows which are new.
	Mistakes []string
	// Concurrency is how many checks run at the same time, at least 1.
	Concurrency int
	// Judge judges the alarms of the host's own checks; nil: nobody does. With RefuseAlarms, a run whose checks
	// have alarms that nobody judges ends with ErrAlarms before anything is claimed.
	Judge        Judge
	RefuseAlarms bool
	// Bundle returns the SHA-256 of the bundle that a type's script is from in this run, and whether it is from one; nil:
	// no type is.
	Bundle func(checkType string) (sha256 string, ok bool)
	// Checked is called between the checks and the delivery; nil: not called.
	Checked func()
}

// A Judge judges results, see package localalarm.
type Judge interface {
	// Wants is called before anything is claimed, with the host's own checks, and reports whether any has
	// alarms. If not, nothing else is called.
	Wants(own *schedule.Schedule) bool
	// Judge is called in the transaction that persists a result, and again if it failed.
	Judge(tx schedule.Store, c *schedule.Check, r collect.Result) error
	// Tell is called after the delivery. final returns the context of what must be stored.
	Tell(ctx context.Context, sp *spool.Spool, final func(context.Context) (context.Context, context.CancelFunc))
}

// ErrAlarms is returned by a run with RefuseAlarms.
var ErrAlarms = errors.New("checks of this host have alarms, which virgo judges")

// Options of a run.
type Options struct {
	// Deliver is false for a run that only collects.
	Deliver bool
	// KeepOutcomes fills Report.Outcomes; false saves the memory.
	KeepOutcomes bool
	// All runs every check that is not disabled, due or not.
	All bool
	// Checking is called while checks run, with the ids of those that have not ended yet and the
	// number of all; nil: not called.
	Checking func(running []string, all int)
}

// A Report is what a run did.
type Report struct {
	Started  time.Time
	Took     time.Duration
	Outcomes []collect.Outcome
	// Before has the results before this run's, by check id, as [Agent.Latest] returned them. It is
	// filled as Outcomes is.
	Before map[string]collect.Result
	// Scheduled is the number of checks that are not disabled. If none of them was due, NextID is the
	// one that is due first, at Next. They are filled as Outcomes is.
	Scheduled int
	NextID    string
	Next      time.Time
	Problems  []schedule.Problem
	// NewMistakes are those of Agent.Mistakes that the previous run did not have.
	NewMistakes []string
	// Due is the number of checks that were claimed, Released the number of those that did not run to
	// their end and are still due. Kept is the number of results that were
	// persisted (they may have been delivered since), Lost the number of those that were neither
	// persisted nor delivered. Dropped is the number of older results that were deleted because the
	// spool reached its bounds, Damaged that of those that could not be read any more.
	Due, Released, Kept, Lost, Dropped, Damaged int
	// Dropping means that the previous run dropped results for these bounds as well.
	Dropping bool
	// Verdict is about the bundle of scripts that is on trial, Summary what was stored about the bundle before this run,
	// and Told when an endpoint last said that there is another version of it, ms since the epoch.
	Verdict installed.Verdict
	Summary installed.Summary
	Told    int64
	// Programs and ProgramsTold are likewise of the agent's own programs.
	Programs     installed.Renewal
	ProgramsTold int64
	// KeepErr is why results could not be persisted, or may not have been; nil if all are in the
	// spool.
	KeepErr  error
	Delivery Delivery
}

// A Delivery is what the delivery of one run or flush did.
type Delivery struct {
	// Tried is false if no delivery was configured, requested or allowed.
	Tried bool
	// Busy means that another process was delivering, so this one did not deliver.
	Busy      bool
	Endpoint  string
	Delivered int
	Refused   int
	// Passed is the number of results that the flush did not send because they are older than its
	// selection allows; they stay in the spool.
	Passed int
	Took   time.Duration
	Err    error
	// Noticed means that a line was printed about Err, because it is new.
	Noticed bool
}
