package schedule

import (
	"encoding/json"
	"time"
)

// Limits of what a schedule may hold, whoever wrote it. What is past them is refused, never cut.
const (
	MaxChecks        = 10_000               // checks in one schedule
	MaxScheduleBytes = 16 << 20             // bytes of one schedule, as it is kept
	MaxIDBytes       = 256                  // bytes of a check's id, type, label or target_alias
	MaxDetailBytes   = 64 << 10             // bytes of one check's details, as JSON, an escape counted as what it stands for
	MaxDetailDepth   = 16                   // lists and objects in one another, in details
	MinPeriod        = time.Second          // shortest period
	MaxPeriod        = 366 * 24 * time.Hour // longest period
	MaxTimeout       = time.Hour            // longest time limit of a check
	DefaultPeriod    = time.Minute          // where none is named
	DefaultTimeout   = time.Minute          // where none is named, see CHECKS.md
)

// Limits of a schedule that an endpoint sends: a few hundred times what a host needs, and little enough
// that one which means harm costs the agent a few MiB.
const (
	MaxSentBytes  = 1 << 20 // bytes of JSON
	MaxSentChecks = 2_000
	MaxSentValues = 1 << 16 // values in it, of whatever kind: each costs more memory than it has bytes
)

// A Check is one line of a schedule: what to look at, how often, and for how long at most.
type Check struct {
	// ID names the check within an agent: 1 to MaxIDBytes bytes, no control characters.
	ID string
	// Type names what runs, for example "agent.cpu".
	Type string
	// Label is a person's name for it; may be empty.
	Label string
	// Details are the arguments of the check's type; nil where it has none.
	Details Details
	// Period between two runs, MinPeriod to MaxPeriod, whole seconds.
	Period time.Duration
	// Timeout bounds one run, 1 s to MaxTimeout, whole seconds.
	Timeout time.Duration
	// Disabled checks are shown but never run.
	Disabled bool
	// TargetAlias, MonitoringZonesPoll and Alarms belong to the endpoint; they are kept as it meant
	// them (canonical JSON; nil where absent) and handed to the check that wants them.
	TargetAlias         string
	MonitoringZonesPoll json.RawMessage
	Alarms              json.RawMessage
}

// A Schedule is a list of checks with distinct ids, in the order that it was written.
type Schedule struct {
	Checks []Check
}

// A Problem is one check that was left out of a schedule, and why.
type Problem struct {
	// CheckID is the id as sent, cut to 64 bytes; empty where the check had none that could be read.
	CheckID string
	// Index is the check's place in the list, from 0.
	Index int
	// Err says what is wrong, in one sentence.
	Err error
}
