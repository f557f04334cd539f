package schedule

import (
	"encoding/json"
	"strconv"
	"time"

	"virgo/schedule/shorttext"
)

// Limits of any schedule. What exceeds them is rejected, never truncated.
const (
	MaxChecks        = 10_000               // checks in one schedule
	MaxScheduleBytes = 16 << 20             // bytes of one schedule in its stored form
	MaxIDBytes       = 256                  // bytes of a check's id, type, label or target_alias
	MaxDetailBytes   = 64 << 10             // bytes of one check's details as JSON, escapes not counted
	MaxDetailDepth   = 16                   // nesting of lists and objects in details
	MinPeriod        = time.Second          // shortest period
	MaxPeriod        = 366 * 24 * time.Hour // longest period
	MaxTimeout       = time.Hour            // longest time limit of a check
	DefaultPeriod    = time.Minute          // of a check that has no period
	DefaultTimeout   = time.Minute          // of a check that has no timeout, see CHECKS.md
)

// Limits of a schedule that an endpoint sends: a few hundred times what a host needs, but a hostile
// schedule costs the agent no more than a few MiB.
const (
	MaxSentBytes  = 1 << 20 // bytes of JSON
	MaxSentChecks = 2_000
	MaxSentValues = 1 << 16 // JSON values of any kind: each takes more memory than it has bytes
)

// A Check is one entry of a schedule: what to check, how often, and for how long at most.
type Check struct {
	// ID names the check within an agent: 1 to MaxIDBytes bytes, no control characters.
	ID string
	// Type names what runs, for example "agent.cpu".
	Type string
	// Label describes the check to people; may be empty.
	Label string
	// Details are the arguments of the check's type; nil where it has none.
	Details Details
	// Period between two runs, MinPeriod to MaxPeriod, whole seconds.
	Period time.Duration
	// Timeout bounds one run, 1 s to MaxTimeout, whole seconds.
	Timeout time.Duration
	// Disabled checks are listed but never run.
	Disabled bool
	// TargetAlias, MonitoringZonesPoll and Alarms belong to the endpoint; the agent stores them
	// unchanged (canonical JSON; nil where absent) and passes them to the check.
	TargetAlias         string
	MonitoringZonesPoll json.RawMessage
	Alarms              json.RawMessage
	// FromEndpoint is set for a check that an endpoint sent. It runs only if the host's owner allows it:
	// AllowedBy is then the number of the rule, from 1, and 0 otherwise. Refusal is why it is not
	// allowed, in one sentence; empty also before it was decided (package policy).
	FromEndpoint bool
	AllowedBy    int
	Refusal      string
	// Fault is why the check cannot run, in one sentence; empty for a valid check. Such a check is due
	// like others, so that its result, which is unavailable, says so. It has no Details, and defaults in
	// place of what could not be read. An endpoint may send it.
	Fault string
	// File and Line are where a local check was read; zero for others.
	File string
	Line int
}

const (
	// FaultsID is the id of a check that reports what no other check of the schedule can: mistakes
	// where no id could be read, and duplicate ids.
	FaultsID = "agent.virgo.schedule"
	// faultType is the type of a check whose own type could not be read.
	faultType = "agent.virgo"
	// maxFaultBytes bounds a Fault.
	maxFaultBytes = 1 << 10
)

// Where returns the file and line of a local check, as "file:line"; empty for others.
func (c *Check) Where() string {
	if c.File == "" {
		return ""
	}
	return c.File + ":" + strconv.Itoa(c.Line)
}

// MayRun reports whether the check is one of the owner's own, or the owner allows it.
func (c *Check) MayRun() bool { return !c.FromEndpoint || c.AllowedBy > 0 && c.Refusal == "" }

// Invalidate makes c a check that cannot run, and replaces what is not valid in it.
func (c *Check) Invalidate(fault string) {
	valid := Check{
		ID: c.ID, Type: c.Type, Label: c.Label, Period: c.Period, Timeout: c.Timeout, Disabled: c.Disabled,
		Fault: shorttext.Truncate(shorttext.Sanitize(fault), maxFaultBytes), File: c.File, Line: c.Line,
		FromEndpoint: c.FromEndpoint,
	}
	if valid.validateField("type") != nil {
		valid.Type = faultType
	}
	if valid.validateField("label") != nil {
		valid.Label = ""
	}
	if valid.validateField("period") != nil {
		valid.Period = DefaultPeriod
	}
	if valid.validateField("timeout") != nil {
		valid.Timeout = DefaultTimeout
	}
	*c = valid
}

// A Schedule is a list of checks with distinct ids, in the order in which they were written.
type Schedule struct {
	Checks []Check
}

// A Problem describes a mistake in a schedule. Its check does not run.
type Problem struct {
	// CheckID is the id as sent, truncated to 64 bytes; empty where no id could be read.
	CheckID string
	// Index is the check's position in the list, from 0; 0 for a local check.
	Index int
	// Err describes the mistake in one sentence; a *yaml.Error for a file.
	Err error
}
