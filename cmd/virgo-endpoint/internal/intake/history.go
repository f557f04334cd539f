package intake

import (
	"context"
	"time"
)

// History reads the stored results and agents. It is safe for concurrent use, also beside an Intake.
type History interface {
	// Results calls fn for each result that the filter selects, in the order of Result.Time; results
	// with the same time are in the order of their arrival. An error of fn ends it and is returned.
	// Error: *UnreadError, after the results that can be read; those behind the damage may come in the
	// order of their arrival.
	Results(ctx context.Context, filter Filter, fn func(Result) error) error
	// Latest returns what the latest result of each check says ([CheckState.Replaces]), sorted by agent and
	// check: of one agent, or of all if agentID is empty. Copies change nothing. It has at most MaxChecks
	// of an agent, and those that are over ([CheckState.Over]) are not among them, nor are those of removed
	// agents.
	Latest(ctx context.Context, agentID string) ([]CheckState, error)
	// Refusals returns which results of an agent, or of all if agentID is empty, the endpoint did not
	// accept, in the order in which they came: the last limit of them, or all if limit is 0.
	Refusals(ctx context.Context, agentID string, limit int) ([]Refusal, error)
	// Agents returns what is known of an agent, or of every one if agentID is empty, at one moment, sorted by
	// id. An agent that was removed is among them only if a result of it is stored.
	Agents(ctx context.Context, agentID string) ([]Agent, error)
	// Storage returns what the store says about itself.
	Storage(ctx context.Context) (Storage, error)
}

// An Agent is what is known of an agent.
type Agent struct {
	// Number is the store's own name of it.
	Number AgentNumber
	// Who says who it is.
	Who Identity
	// Checks are what Latest returns of it.
	Checks []CheckState
	// ID, Name, ProcessVersion and the fields of its bundle of checks are those of its last hello.
	ID, Name, ProcessVersion, BundleVersion string
	BundleState, BundleName, BundleChannel  string
	// Remote is the address that its last hello came from; "bundle" and the bundle's id for an agent
	// that never said hello.
	Remote string
	// FirstSeen and LastSeen are by the endpoint's clock.
	FirstSeen, LastSeen time.Time
	// ClockOffsetMS is the endpoint's clock minus the agent's at its last hello, in ms: positive if
	// the agent's clock is behind. It includes the time that the hello was on its way. nil if the
	// hello had no timestamp.
	ClockOffsetMS *int64
	// Results is the number of its stored results.
	Results int64
	// RefusedChecks is the number of its checks that the owner of the host refuses at present: those
	// whose last result that was not late is refused, unless that came RefusedFor before the agent was
	// last seen.
	RefusedChecks int64
}
