package main

import (
	"fmt"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/run"
	"virgo/cmd/internal/term"
	"virgo/collect"
	"virgo/schedule"
)

// maxUnavailable is the number of unavailable checks that status shows.
const maxUnavailable = 20

// lateRun is how old the last run may be before status reports that no timer starts runs. It allows
// for a host that was suspended.
const lateRun = 10 * time.Minute

// problems are what status --check fails for.
type problems struct {
	unavailable []collect.Result
	late        bool // no run for lateRun
	failing     bool // the delivery
}

// newProblems judges the latest results of the checks that are scheduled. One that the owner's rules
// refuse has a row of its own (policyRows), and is no fault.
func newProblems(st run.State, sch schedule.Schedule, latest []collect.Result, now time.Time) problems {
	p := problems{
		late:    now.Sub(time.UnixMilli(st.Run.StartedMS)) > lateRun,
		failing: st.FailingSinceMS != 0,
	}
	scheduled := make(map[string]bool, len(sch.Checks))
	for _, c := range sch.Checks {
		scheduled[c.ID] = !c.Disabled && c.Refusal == ""
	}
	for _, r := range latest {
		if scheduled[r.CheckID] && r.State != collect.Available {
			p.unavailable = append(p.unavailable, r)
		}
	}
	return p
}

// exit returns the error for the exit code of status --check.
func (p problems) exit() error {
	switch {
	case len(p.unavailable) > 0, p.late:
		return &agent.ExitError{Code: agent.ExitUnexpected}
	case p.failing:
		return &agent.ExitError{Code: agent.ExitNotDelivered}
	}
	return nil
}

// runCell describes the last run.
func (p problems) runCell(r run.LastRun, now time.Time) term.Cell {
	if p.late {
		return term.Cell{Text: runLine(r, now) + "; does a timer start virgo? (virgo install)", Color: term.Bad}
	}
	return term.Cell{Text: runLine(r, now)}
}

// addTo adds a row for each unavailable check.
func (p problems) addTo(t *term.Table, now time.Time) {
	for i, r := range p.unavailable {
		text := fmt.Sprintf("%s: %s (%s)", r.CheckID, r.Status, ago(now, r.Time.UnixMilli()))
		if i == maxUnavailable {
			text = fmt.Sprintf("%d more: virgo last", len(p.unavailable)-i)
		}
		t.Cells(term.Cell{Text: "unavailable"}, term.Cell{Text: text, Color: term.Bad})
		if i == maxUnavailable {
			return
		}
	}
}

// An unavailableDocument is an unavailable check in the document of status.
type unavailableDocument struct {
	CheckID   string `json:"check_id"`
	CheckType string `json:"check_type"`
	Status    string `json:"status"`
	TimeMS    int64  `json:"timestamp_ms"`
}

func (p problems) documents() []unavailableDocument {
	docs := make([]unavailableDocument, len(p.unavailable))
	for i, r := range p.unavailable {
		docs[i] = unavailableDocument{r.CheckID, r.CheckType, r.Status, r.Time.UnixMilli()}
	}
	return docs
}
