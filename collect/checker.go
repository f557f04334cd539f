package collect

import (
	"context"
	"time"

	"virgo/schedule"
)

// SampleGap lies between two samples that a check takes by itself where none was kept.
const SampleGap = time.Second

// A Request is what a Checker is asked.
type Request struct {
	// Check is what is due: its Details are the arguments.
	Check schedule.Check
	// Previous is the Sample of this check's last report; nil on the first run and by hand.
	Previous []byte
	// Now tells the time. Never nil when it comes from a Runner.
	Now func() time.Time
}

// A Report is what a Checker saw. The zero value is a success without metrics.
type Report struct {
	// Unavailable is set by a check that ran but has to say that its object is not in order.
	Unavailable bool
	// Status is one sentence; empty means "success".
	Status string
	// Metrics in any order; those of one dimension are sent together.
	Metrics []Metric
	// Time is when the report was made; zero means when the check finished.
	Time time.Time
	// Sample is kept for the next run's Request.Previous, also where the check failed; nil keeps
	// nothing.
	Sample []byte
}

// A Checker runs checks of one type. An error becomes a result with state unavailable whose status
// is the error's text; the report's Sample is kept all the same. Check must return within Grace after
// ctx is done and leave nothing behind that it started.
type Checker interface {
	Check(ctx context.Context, req Request) (Report, error)
}

// A Targeter is a Checker that can list what it can be pointed at (check.targets).
type Targeter interface {
	Targets(ctx context.Context) ([]string, error)
}

// CheckerFunc lets a function be a Checker.
type CheckerFunc func(ctx context.Context, req Request) (Report, error)

// Check calls f.
func (f CheckerFunc) Check(ctx context.Context, req Request) (Report, error) { return f(ctx, req) }

// A Type is an entry of the Registry.
type Type struct {
	// Name as a schedule writes it, for example "agent.cpu".
	Name string
	// Summary is one line for a person, lower case, no full stop.
	Summary string
	// Details are the arguments it takes, in the order to show them.
	Details []Detail
	// Telling names the few metrics that tell a person most, most telling first, without dimension.
	Telling []string
	// Checker runs it.
	Checker Checker
}

// A Detail is one argument of a check's type.
type Detail struct {
	Name     string
	Summary  string
	Required bool
}
