package live

import (
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/schedule/alarm"
)

// A Row is what the list of hosts shows of one.
type Row struct {
	Agent    intake.AgentNumber
	ID, Name string
	Tags     []string
	Health   report.Health
	// Problems is all that is wrong with it, the worst first.
	Problems []report.Health
	// Alarms are those that stand, the worst first.
	Alarms []Mark
	// State is that of the worst alarm; Silent for a host that is silent, whatever its alarms are.
	State alarm.State
	// Since is when the State began; zero if it is OK. LastSeen is its last contact, zero for never.
	Since, LastSeen time.Time
	// Stale is true if the figures are those of before it became silent.
	Stale bool
	// Situation is what a person should know of a host that is silent, and empty for others.
	Situation string
	// Waiting is the number of results that wait on the host, and WaitingFor how old the oldest may be.
	Waiting    Count
	WaitingFor time.Duration
	Figures    [Figures]Figure
}

// A Count is a number that may be unknown.
type Count struct {
	Known bool
	N     int64
}

// A Mark is an alarm that stands.
type Mark struct {
	State alarm.State
	Rule  string
	// CheckID and Dimension are empty for an alarm of the host.
	CheckID, Dimension string
	// Text is the rule's message, sanitized.
	Text  string
	Since time.Time
	// AckedBy is who looks after it; empty if nobody does. Silenced is true while its notifications are held back.
	AckedBy  string
	Silenced bool
}

// Alarms is whoever knows which alarms stand.
type Alarms interface {
	// Marks returns the alarms of a host that stand, the worst first. It calls nothing of the table.
	Marks(agent intake.AgentNumber) []Mark
}

// The figures of a row, by their place in it.
const (
	CPU = iota
	Memory
	Disk // the fullest
	Network
	Load
	Temperature // the hottest
	Waiting
	// Figures is how many there are.
	Figures
)

// FigureNames returns the headings of a row's figures.
func FigureNames() [Figures]string {
	return [Figures]string{"CPU", "memory", "disk", "network", "load", "temperature", "waiting"}
}

// A Figure is one figure of a row.
type Figure struct {
	// Known is false where the host has no such figure, or not yet.
	Known bool
	Value float64
	// Share is how full the bar is, from 0 to 1; below 0 there is no bar.
	Share float32
	// Text is the value for people with its unit, "–" if it is not known. Unit is for sorting and titles.
	Text, Unit string
	// Note says more: which disk, of how much.
	Note string
	// Level is the state of the worst alarm of the check that the figure is from.
	Level alarm.State
}

// unknown is a figure that is not known.
func unknown() Figure { return Figure{Share: -1, Text: "–"} }
