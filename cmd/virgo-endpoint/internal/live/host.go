package live

import (
	"time"
	"unique"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
)

// MaxSeriesOfHost bounds the values that are kept of a host.
const MaxSeriesOfHost = 1024

// A Host is what is known of a host besides its results.
type Host struct {
	Agent           intake.AgentNumber
	ID, Name, Group string
	// Tags are sorted. They are shared: nobody changes them.
	Tags []string
	// CPUs is the number of its processors; 0 if it is unknown.
	CPUs int
	// Period is the shortest of its checks: so often it is expected; 0 if it is unknown.
	Period time.Duration
	// FirstSeen and LastSeen are by the endpoint's clock; zero for a host that was never seen.
	FirstSeen, LastSeen time.Time
	// Bundles is true for a host whose results come in bundles: nothing is expected of it at any time.
	Bundles bool
	// ClockOffset is the endpoint's clock minus the host's at its last hello; nil if it is unknown.
	ClockOffset *time.Duration
	// Warnings is how many things about its identity a person should look at.
	Warnings int
	// Waiting is how many results wait there, as it said last.
	Waiting Count
	Health  report.Health
}

// A Check is what is known of a check's latest result.
type Check struct {
	ID, Type                 string
	Available, Refused, Late bool
	// Time is when it finished, by the host's clock corrected as in a history; Received is when it arrived.
	Time, Received time.Time
	// Period is 0 if it is unknown.
	Period time.Duration
	// Seq is that of the result; 0 while it was not read yet.
	Seq int64
}

// A Sample is the latest value of a metric that is a number.
type Sample struct {
	Check
	Dimension, Metric, Kind, Unit string
	Value                         float64
}

// A name is what the fleet's series share: equal ones take memory once.
type name struct{ dimension, metric, kind, unit string }

// A value is one of a series.
type value struct {
	name   unique.Handle[name]
	number float64
}

// A check is a Check as it is kept.
type check struct {
	id, typ unique.Handle[string]
	// at is the result's Time, place its place in time, came when it arrived: ms.
	at, place, came int64
	period          time.Duration
	seq             int64
	state           checkState
	values          []value
	// rate is that of the network's bytes, below 0 if it is unknown.
	rate float64
}

// A checkState has the bits of a check.
type checkState uint8

const (
	available checkState = 1 << iota
	refused
	late
)

// A host is what the table keeps of one.
type host struct {
	number intake.AgentNumber
	// known is what the store says; its Checks are in checks.
	known  intake.Agent
	checks []check // by id
	series int
	// wasLate is true if results of it came late, since the table was read.
	wasLate bool
	// health is the last that was told, so that a change by time alone is noticed.
	health report.Health
}
