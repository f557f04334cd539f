package intake

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"virgo/transport/receipt"
)

// Intake stores agents' results for a server. It is safe for concurrent use.
type Intake interface {
	// Admit decides about a claim as [Decide] does. Where that has to register the agent's key, it
	// returns when that is durable; otherwise it only reads. Errors: those of Decide.
	Admit(ctx context.Context, claim Claim) (Admission, error)
	// Open reports whether a session of an agent that was admitted with access may go on, as [Open]
	// does.
	Open(ctx context.Context, agentID string, access Access, now time.Time) (bool, error)
	// Append stores a batch and returns when it is durable, with one outcome for each arrival. After
	// an error nothing of the batch is stored, and it may be appended again. Errors: ErrDamaged, ErrFull.
	Append(ctx context.Context, batch []Arrival) ([]Outcome, error)
	// Held returns which results of the ranges are durable under agentID, and which are remembered as
	// refused. If there are more than a receipt can name, it returns the first ones. It may sort and
	// merge ranges in place.
	Held(ctx context.Context, agentID string, ranges []receipt.Range) ([]receipt.Range, []receipt.Refused, error)
	Bundles
}

// An Arrival is one entry of a batch: it records that an agent was seen, and its hello, its results
// and refusals of its results, usually those of one frame. Fields that do not apply are nil.
type Arrival struct {
	AgentID  string
	Access   Access // of its session's admission
	Received time.Time
	Hello    *Hello
	// Results are stored in this order; Refusals are to be remembered for receipts.
	Results  []Result
	Refusals []receipt.Refused
	// Backlog is true for results that were not delivered when they were made: fresh ones of other agents
	// are committed before them.
	Backlog bool
	// OtherKey is an attempt to use the agent's id with another key. It has no Access and nothing
	// else, and is ignored if the agent has no key.
	OtherKey *OtherKey
}

// Size returns the number of bytes that an arrival counts as in a batch.
func (a *Arrival) Size() int {
	n := 0
	for i := range a.Results {
		n += len(a.Results[i].Params)
	}
	return n
}

// A Hello is the information about an agent in its hello.
type Hello struct {
	Name, ProcessVersion, BundleVersion string
	// BundleState says how the agent's bundle of checks does; empty for an agent that takes none from an endpoint.
	// BundleName and BundleChannel say which one it takes, and from where; empty for the usual ones.
	BundleState, BundleName, BundleChannel string
	// Remote is the address that it came from.
	Remote string
	// Session is the number of the session; 0 for an agent without a registered key.
	Session uint64
	// ClockOffsetMS is the endpoint's clock minus the agent's, in ms; nil if the hello had no
	// timestamp.
	ClockOffsetMS *int64
}

// An Outcome is the outcome of one arrival of a batch that is durable.
type Outcome struct {
	// Stored is the number of the arrival's results that were not stored before.
	Stored int
	// Err is ErrBadToken or ErrRevoked if the access was no longer valid, and nothing of the arrival
	// was stored; otherwise nil.
	Err error
}

// A Result is one result as it is stored. Until it is stored, Seq and AgentID are zero.
type Result struct {
	// Seq numbers results in the order of their arrival, from 1.
	Seq int64
	// AgentID is the agent_id of its session's hello.
	AgentID string
	// ResultID is unique within the agent; empty where the agent sent none.
	ResultID string
	// CheckID, CheckType, State ("available" or "unavailable") and Status as sent.
	CheckID, CheckType, State, Status string
	// Refused is true if the owner of the host does not let the endpoint make it do this. It is no fault
	// of the host, and should cause no alert.
	Refused bool
	// Time is when the check finished, by the agent's clock; Received if the agent sent no timestamp.
	Time time.Time
	// Received is when it arrived, by the endpoint's clock.
	Received time.Time
	// Order grows with every result of the agent, whatever its clock does; at most math.MaxInt64. nil
	// if the agent sent none.
	Order *uint64
	// Late is true for a result that was sent later than its check's period after it was made. It
	// should cause no alert.
	Late bool
	// AgeMS is the result's age in ms when it was sent, by the agent's clock; nil if the agent sent
	// none.
	AgeMS *int64
	// ClockOffsetMS is the endpoint's clock minus the agent's at its session's hello, in ms; nil if
	// the hello had no timestamp, and for results of a bundle.
	ClockOffsetMS *int64
	// Params is the whole params object as it arrived, in valid UTF-8.
	Params json.RawMessage
}

// Size is about the memory that a result takes, in bytes.
func (r *Result) Size() int {
	return len(r.Params) + len(r.AgentID) + len(r.ResultID) + len(r.CheckID) + len(r.CheckType) + len(r.Status)
}

// Clone returns a copy that shares no params with other results, for who keeps few of many.
func (r *Result) Clone() Result {
	c := *r
	c.Params = slices.Clone(r.Params)
	c.Order, c.AgeMS, c.ClockOffsetMS = cloned(r.Order), cloned(r.AgeMS), cloned(r.ClockOffsetMS)
	return c
}

func cloned[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
