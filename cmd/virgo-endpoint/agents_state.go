package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/report"
)

// stateText is all that is wrong with an agent, as a table shows it.
func stateText(ag *report.Agent) string {
	parts := []string{}
	for _, p := range ag.Problems {
		text := string(p)
		switch p {
		case report.Unavailable:
			text = fmt.Sprintf("%d unavailable", ag.Unavailable)
		case report.Waiting:
			text = fmt.Sprintf("%d waiting", *ag.Waiting)
		case report.Refused:
			text = fmt.Sprintf("%d refused", ag.RefusedChecks)
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		parts = append(parts, string(ag.Health))
	}
	if ag.State == "no key" {
		parts = append(parts, ag.State)
	}
	return strings.Join(parts, ", ")
}

func stateColor(h report.Health) term.Color {
	switch h {
	case report.OK:
		return term.Good
	case report.Silent, report.Unavailable, report.Warning:
		return term.Bad
	case report.Revoked, report.Removed:
		return term.Faint
	}
	return term.Plain
}

// timeOf is the time of a document; the zero time for null.
func timeOf(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return time.UnixMilli(*ms)
}

// keyText is a key's fingerprint; a dash if there is none.
func keyText(fingerprint *string) string {
	if fingerprint == nil {
		return "-"
	}
	return *fingerprint
}

func sessionText(n uint64) string {
	if n == 0 {
		return "-"
	}
	return strconv.FormatUint(n, 10)
}

// nameBeside is an agent's name where it says more than its id.
func nameBeside(ag *report.Agent) string {
	if ag.Name == ag.AgentID {
		return "-"
	}
	return dash(ag.Name)
}

// scheduleMistakes returns the name of the file with an agent's checks and the mistakes in it.
func scheduleMistakes(s *folder.Schedules, agentID string) (file string, mistakes []string) {
	file, problems, err := s.Mistakes(agentID)
	mistakes = []string{}
	for _, p := range problems {
		mistakes = append(mistakes, folder.Describe(p))
	}
	if err != nil && len(mistakes) == 0 {
		mistakes = append(mistakes, err.Error())
	}
	return file, mistakes
}

// clock describes an agent's clock, which is offset ms behind this host's.
func clock(offset *int64) string {
	switch {
	case offset == nil:
		return "-"
	case *offset > 1000:
		return span(*offset) + " behind"
	case *offset < -1000:
		return span(-max(*offset, -math.MaxInt64)) + " ahead"
	}
	return "right"
}
