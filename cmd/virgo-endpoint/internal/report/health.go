package report

import (
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A Health is a word for what is wrong with an agent, or that nothing is.
type Health string

// What can be wrong with an agent, the worst first. An agent can have several of the first six.
const (
	// Silent: its last contact is more than two of its periods ago.
	Silent Health = "silent"
	// Unavailable: the latest results of some of its checks say so.
	Unavailable Health = "unavailable"
	// Warning: two hosts use its key, or another key was refused.
	Warning Health = "warning"
	// Late: its last contact is more than one and a half of its periods ago.
	Late Health = "late"
	// Waiting: more results wait on its host than its checks make at once.
	Waiting Health = "waiting"
	// Refused: the owner of its host does not allow some of its checks.
	Refused Health = "refused"
	// Never: it is known and was never seen.
	Never Health = "never seen"
	// OK: nothing is wrong.
	OK Health = "ok"
	// Revoked and Removed: a person said so, and nothing is expected of it.
	Revoked Health = "revoked"
	Removed Health = "removed"
)

// healths has them from the worst on.
func healths() []Health {
	return []Health{Silent, Unavailable, Warning, Late, Waiting, Refused, Never, OK, Revoked, Removed}
}

// HealthNames returns all words, from the worst on.
func HealthNames() []string {
	var names []string
	for _, h := range healths() {
		names = append(names, string(h))
	}
	return names
}

// ParseHealth reads a word. "never" is short for "never seen".
func ParseHealth(name string) (h Health, ok bool) {
	if name == "never" {
		return Never, true
	}
	for _, h := range healths() {
		if string(h) == name {
			return h, true
		}
	}
	return "", false
}

// rank is a word's place from the worst on.
func (h Health) rank() int {
	for i, one := range healths() {
		if one == h {
			return i
		}
	}
	return len(healths())
}

// Shares of its period after which an agent is late and silent.
const (
	lateAfter   = 1.5
	silentAfter = 2
)

// judge sets what is wrong with an agent.
func (a *Agent) judge(agent *intake.Agent, now time.Time) {
	who := &agent.Who
	switch {
	case !who.Removed.IsZero():
		a.Health = Removed
		return
	case !who.Revoked.IsZero():
		a.Health = Revoked
		return
	}
	add := func(h Health, when bool) {
		if when {
			a.Problems = append(a.Problems, h)
		}
	}
	silence := a.silence(agent, now)
	add(Silent, silence > silentAfter)
	add(Unavailable, a.Unavailable > 0)
	add(Warning, len(a.Warnings) > 0)
	add(Late, silence > lateAfter && silence <= silentAfter)
	add(Waiting, a.Waiting != nil && *a.Waiting > int64(a.Checks))
	add(Refused, a.RefusedChecks > 0)
	switch {
	case agent.LastSeen.IsZero():
		a.Problems = append(a.Problems, Never)
		a.Health = a.Problems[0]
	case len(a.Problems) > 0:
		a.Health = a.Problems[0]
	default:
		a.Health = OK
	}
}

// silence is how many of its periods an agent was not seen; 0 if that says nothing: its period is unknown, or
// its results come in bundles.
func (a *Agent) silence(agent *intake.Agent, now time.Time) float64 {
	if a.PeriodMS == nil || agent.LastSeen.IsZero() || strings.HasPrefix(agent.Remote, "bundle ") {
		return 0
	}
	return float64(now.Sub(agent.LastSeen).Milliseconds()) / float64(*a.PeriodMS)
}
