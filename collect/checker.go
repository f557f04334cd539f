package collect

import (
	"context"
	"time"

	"virgo/schedule"
	"virgo/schedule/policy"
)

// SampleGap is the time between the two samples that a check takes if none is stored.
const SampleGap = time.Second

// A Request is the input of a Checker.
type Request struct {
	// Check is the check to run: its Details are the arguments.
	Check schedule.Check
	// Previous is the Sample of this check's last report; nil in the first run and in a run by
	// hand.
	Previous []byte
	// Guard decides, at the moment of use, which files, URLs, addresses and sockets the check may
	// use; nil for a check of the owner's own, which may use all.
	Guard *policy.Guard
	// Now returns the current time. A Runner always sets it.
	Now func() time.Time
}

// A Report is the output of a Checker. The zero value is a success without metrics.
type Report struct {
	// Unavailable means that the check ran and found a fault.
	Unavailable bool
	// Status is one sentence; empty: StatusSuccess.
	Status string
	// Metrics are in any order.
	Metrics []Metric
	// Time is when the report was made; zero: when the check finished.
	Time time.Time
	// Sample is stored for the next run's Request.Previous, even if the check failed; nil: nothing
	// is stored.
	Sample []byte
	// Release is called when the result has been passed on and its metrics are not used any more, or
	// when it is ignored: it returns what bounds the memory of results under way. nil: nothing is
	// called.
	Release func()
}

// A Checker runs checks of one type. After an error the result is unavailable and its status is the
// error's text; the report's Sample is stored even so. Check must return within Grace after ctx is
// done, and must end everything that it started.
type Checker interface {
	Check(ctx context.Context, req Request) (Report, error)
}

// A Targeter is a Checker that can list its possible targets (check.targets).
type Targeter interface {
	Targets(ctx context.Context) ([]string, error)
}

// CheckerFunc makes a Checker of a function.
type CheckerFunc func(ctx context.Context, req Request) (Report, error)

// Check calls f.
func (f CheckerFunc) Check(ctx context.Context, req Request) (Report, error) { return f(ctx, req) }

// A Type is an entry of the Registry.
type Type struct {
	// Name is the type's name in a schedule, for example "agent.cpu".
	Name string
	// Summary describes the type in one line for people: lower case, no full stop.
	Summary string
	// Details are the arguments of the type, in the order in which they are listed.
	Details []Detail
	// OwnDetails means that a check may have details beyond these, for example for a plugin.
	OwnDetails bool
	// KeyMetrics names the few metrics that people want to see, most useful first, without
	// dimension, in the form that [ParseFigure] parses.
	KeyMetrics []string
	// KernelOnly means that the check only reads files and kernel figures, in this process. It
	// starts no program and opens no socket, so it ends within milliseconds and leaves nothing
	// running. The only exception is Options.StatProgram of package host, for a mount that may
	// hang. False is always safe. collecttest.Conform runs such checks where they can do neither.
	KernelOnly bool
	// Checker runs the checks of the type.
	Checker Checker
}

// A Detail describes one argument of a check type.
type Detail = schedule.Detail
