package alarm

import "time"

// Limits of rules. What exceeds them is a mistake, never truncated.
const (
	MaxRules       = 1000 // rules of one file
	MaxCheckRules  = 64   // alarms of one check
	MaxCases       = 16   // cases of one rule
	MaxRuleID      = 128  // bytes of a rule's id
	MaxLabel       = 256  // bytes of a label
	MaxMessage     = 1024 // bytes of a message as written
	MaxPatterns    = 100  // entries of one list of hosts, tags, types or ids
	MaxRecipients  = 32   // entries of one list of notifiers
	MaxEscalations = 8
	MaxWindow      = 7 * 24 * time.Hour // of an expression
	MaxFor         = 7 * 24 * time.Hour // of for, clear_for and escalations
	MaxForCount    = 100                // periods of for and clear_for
)

// A Rule says when something is wrong. Rules are shared and must not be changed.
type Rule struct {
	// ID is letters, digits and "-_." and distinct over all files of an endpoint; those of a check's own
	// alarms are CheckRulePrefix, the check's id, "/" and the alarm's.
	ID    string
	Label string
	// Cases are tried in order, and the first that is true decides; none: OK.
	Cases []Case
	// Clear must be true, besides no case, for an alarm to end; nil: it is.
	Clear *Expr
	// For is how long a case must be true before the state changes, ClearFor how long none must be.
	For, ClearFor Span
	Checks        CheckMatch
	Hosts         HostMatch
	Each          Each
	// Message is the text of a case that has none.
	Message Template
	// Notify names notifiers; nil: the routes of notify.yaml decide.
	Notify   []string
	Escalate []Escalation
	// NotifyUnknown tells people also that the rule cannot be judged.
	NotifyUnknown bool
	Disabled      bool
	// Plan is the notification_plan_id of an alarm in the old form; empty for others.
	Plan string
	// Notices say what the translation of an alarm in the old form changes.
	Notices []string
	// File and Line are where it was read.
	File string
	Line int

	usesAvailable, usesHost, usesAge, usesTime bool
	metrics                                    []string
	needs                                      []Window
}

// CheckRulePrefix begins the ids of rules that are a check's own alarms.
const CheckRulePrefix = "check/"

// A Case is a condition and the state that it leads to.
type Case struct {
	When    *Expr
	State   State
	Message Template

	// written is true for an entry of cases: where all are, their order counts, else the worst is tried first.
	written bool
}

// A Span is a time or a number of consecutive results. Zero: at once.
type Span struct {
	Time  time.Duration
	Count int
}

// Each says what has a state of its own.
type Each uint8

// The values of Each.
const (
	EachDimension Each = iota
	EachCheck
	// EachHost is for rules that use nothing of a check, only of the host.
	EachHost
)

// An Escalation tells more notifiers after a time.
type Escalation struct {
	After time.Duration
	To    []string
}

// A Host is what rules know of a host besides its checks.
type Host struct {
	ID, Name string
	Tags     []string
	// CPUs is 0 where it is not known.
	CPUs int
	// SilentFor is the time since the host's last sign of life, Period the shortest of its checks.
	SilentFor, Period time.Duration
	// UpFor is the time since it came back from its last silence, or first came; 0 while it is silent.
	UpFor time.Duration
	// Waiting is how many results wait at the host, as it last said.
	Waiting int64
	// ClockOffset is the endpoint's clock minus the host's; 0 where it is not known.
	ClockOffset time.Duration
	// IdentityWarnings counts signs that another host uses this one's identity.
	IdentityWarnings int
	// CertificateEndsIn is of the endpoint's own certificate, for a rule about the endpoint itself; 0 for
	// others.
	CertificateEndsIn time.Duration
}

// Env is what rules are judged by at one time. Of one that was used only Dimension and Now may change.
type Env struct {
	// Host is nil on a host that judges its own alarms.
	Host *Host
	// CheckID and CheckLabel name the check; empty for a rule of the host.
	CheckID, CheckLabel string
	// Check has the values of the check; nil for a rule of the host.
	Check *Memory
	// Dimension is the part of the check that is judged, one of [Memory.Parts].
	Dimension string
	// Now is the present time.
	Now time.Time

	// made is what expressions see, madeFor the Env that it was made for: a copy makes its own.
	made    *scope
	madeFor *Env
}

// A Verdict is what a rule says now.
type Verdict struct {
	State State
	// Text is one sentence, sanitized. Of OK it says how it stands now.
	Text string
	// Value and Threshold are those of the comparison that decided; nil if there is none.
	Value, Threshold *float64
	// MayClear is false while the rule's Clear is not true.
	MayClear bool
	// Period is the period of the check; 0 for a rule of the host.
	Period time.Duration
	// Missing is why the rule is Unknown: what is not there.
	Missing string
}
