package watch

import (
	"context"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/schedule/alarm"
)

// MaxStates bounds the alarm states of one host.
const MaxStates = 512

// ChangesKept is how long changes of alarms are kept.
const ChangesKept = 2 * 365 * 24 * time.Hour

// A Key names one state: that of a rule for a host, or a check or a dimension of it.
type Key struct {
	Rule  string
	Agent intake.AgentNumber
	// CheckID and Dimension are empty for a state of the host, or of all dimensions.
	CheckID, Dimension string
}

// A Standing is how a rule stands now.
type Standing struct {
	Key
	// AgentID and Host are the agent's id and name at present, Tags its tags.
	AgentID, Host string
	Tags          []string
	State         alarm.State
	// Before is the state behind SILENT: the last that was judged.
	Before alarm.State
	Since  time.Time
	// Value and Threshold are those of the comparison that decided; nil if there is none.
	Value, Threshold *float64
	// Text is the message of the rule, sanitized.
	Text string
	// AckedBy is who acknowledged it, empty if nobody did.
	AckedBy string
	AckedAt time.Time
	// SilencedBy is the silence that holds its notifications back; 0 if none does.
	SilencedBy int64
	Flapping   bool
	// From and To are the span of time that a link to the page shows.
	From, To time.Time
}

// Saved is the stored form of a state.
type Saved struct {
	Standing
	// Seq is that of the last result that was judged.
	Seq int64
	// Machine is what package alarm (the rules') remembers between results.
	Machine []byte
}

// A ChangeKind says what a change is.
type ChangeKind uint8

// The kinds of changes. They are stored as numbers.
const (
	// Real is a change that was told, or would have been if anybody were to be told.
	Real ChangeKind = iota
	// Late is what results that came late would have said.
	Late
	// Silenced is a change whose notification is held back by a silence.
	Silenced
	// Flapped begins or ends a time in which changes are not told one by one.
	Flapped
	// Fleet is the change of many hosts at once, or of the endpoint itself.
	Fleet
)

// A Change is one change of a state.
type Change struct {
	ID int64
	Key
	// AgentID and Host are as they were then.
	AgentID, Host string
	At            time.Time
	// Until is when the state ended; zero while it lasts.
	Until            time.Time
	Was, State       alarm.State
	Value, Threshold *float64
	Text             string
	Kind             ChangeKind
	// Seq is that of the result that caused it; 0 for silence.
	Seq int64
}

// A ChangeFilter selects changes. Zero fields select all.
type ChangeFilter struct {
	Agent intake.AgentNumber
	Rule  string
	// From and To select the changes whose state lasted at some time in this span, also of those that were before it.
	From, To time.Time
	// OnlyOpen leaves out changes to OK and UNKNOWN.
	OnlyOpen bool
	// Kinds are those that are wanted; nil for all.
	Kinds []ChangeKind
	// Newest first, at most Limit; 0 for all.
	Limit int
}

// An EventKind says why people are told.
type EventKind string

// The kinds of events.
const (
	AlarmEvent    EventKind = "alarm"
	FleetEvent    EventKind = "fleet"
	SummaryEvent  EventKind = "summary"  // of what a silence held back
	NotifierEvent EventKind = "notifier" // a notifier fails
	AwayEvent     EventKind = "away"     // the endpoint was away
	TestEvent     EventKind = "test"
)

// An Event is what people are told.
type Event struct {
	// Change is the change's number; 0 for events that are none.
	Change   int64
	Kind     EventKind
	Standing Standing
	Was      alarm.State
	At       time.Time
	// Text is the sentence of an event that is no alarm.
	Text string
	// Members are the states that an event of many sums up.
	Members []Standing
	// Notify are the notifiers that the rule names, and Escalate who else is told while nobody looks after it; where the
	// rule names none, the routes decide.
	Notify   []string
	Escalate []Escalation
}

// An Escalation says who else is told of an alarm that is open for so long and that nobody acknowledged.
type Escalation struct {
	After time.Duration
	To    []string
}

// A Firing is a span in which a rule would have fired.
type Firing struct {
	Key
	AgentID, Host   string
	From, To        time.Time
	State           alarm.State
	Peak, Threshold *float64
	Text            string
	// Coarse is true where only minima and maxima of spans were left to judge by.
	Coarse bool
}

// A Threshold is a line to draw in a plot.
type Threshold struct {
	CheckID, Dimension, Metric, Rule string
	Value                            float64
	// Percent is true if Value is a share in percent of which Metric is a part.
	Percent bool
	// Above is true if the alarm is above the line.
	Above bool
	State alarm.State
}

// Alarms stores states and changes. It is safe for concurrent use.
type Alarms interface {
	// Load returns the number of the last result that was judged, and all states.
	Load(ctx context.Context) (cursor int64, states []Saved, err error)
	// Save stores in one transaction what follows from results up to cursor: states (one that is OK and has no
	// Machine is deleted), new changes with their IDs zero, rows to send, and which changes a silence holds back, by the
	// silence's number and the change's index in changes. It closes (Until) the change before of each key; those of kind
	// Late close none and are closed by none. It returns the IDs of the changes. Who acknowledged a state is changed by
	// Acknowledge alone, and by a state that is OK.
	Save(ctx context.Context, s AlarmsStep) ([]int64, error)
	// Changes calls fn for the changes that the filter selects, oldest first, newest first if there is a limit.
	Changes(ctx context.Context, f ChangeFilter, fn func(Change) error) error
	// Acknowledge notes who looks after a state until it is OK; by "" takes it back. Error: ErrNoSuchState.
	Acknowledge(ctx context.Context, k Key, by string, at time.Time) error
	// Forget deletes the states of an agent and closes its changes.
	Forget(ctx context.Context, agent intake.AgentNumber) error
	// DeleteChanges deletes up to limit changes that ended before a time, or led before it to a state that is not open,
	// and returns how many.
	DeleteChanges(ctx context.Context, before time.Time, limit int) (int, error)
}

// An AlarmsStep is what one batch of results changes.
type AlarmsStep struct {
	Cursor  int64
	States  []Saved
	Gone    []Key
	Changes []Change
	Queued  []Row
	// Held are indices of Changes by the number of the silence.
	Held map[int64][]int
}
