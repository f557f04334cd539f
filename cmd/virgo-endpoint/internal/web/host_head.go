package web

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A hostHead is what stands at the top of each page of a host.
type hostHead struct {
	ID, Name string
	Tags     []string
	// Mark is the symbol beside the name; empty for none. Silent is the sentence for a host that is silent.
	Mark, Silent string
	// Facts are a line of what is known of the host.
	Facts []string
	// Warnings are what a person should look at.
	Warnings []string
	LastSeen stamp
	// Tab is the page that is shown: plots or info.
	Tab string
	// Change is the form for its tags; nil for whoever may not change them.
	Change *tagsForm
}

// Path is the address of the host's page.
func (h *hostHead) Path() string { return hostPath(h.ID) }

// hostPath is the address of a host's page; an id may have any characters.
func hostPath(id string) string { return "/hosts/" + url.PathEscape(id) }

// hostHead reads who a host is.
func (s *Site) hostHead(q *request, id string) (*hostHead, *report.Agent, error) {
	if s.Charts == nil {
		return nil, nil, notFound("This endpoint keeps no history.")
	}
	agent, err := report.FindAgent(q.Context(), s.Charts.Store, id, q.now)
	if errors.Is(err, intake.ErrNoSuchAgent) || err == nil && agent.Removed != nil {
		return nil, nil, notFound("There is no host with this name. It may have been removed.")
	}
	if err != nil {
		return nil, nil, err
	}
	h := &hostHead{ID: agent.AgentID, Name: watch.HostName(agent.AgentID, agent.Name), Tags: agent.Tags, Tab: "plots"}
	if agent.LastSeen != nil {
		h.LastSeen = q.at(time.UnixMilli(*agent.LastSeen))
	}
	add := func(text string) { h.Facts = append(h.Facts, text) }
	if h.Name != h.ID {
		add(h.ID)
	}
	if remote, _, _ := strings.Cut(agent.Remote, "%"); remote != "" {
		add(hostOf(remote))
	}
	if agent.ProcessVersion != "" {
		add("virgo " + agent.ProcessVersion)
	}
	if text := agent.BundleFact(); text != "" {
		add(text)
	}
	add(counted(int64(agent.Checks), "check", "checks"))
	if agent.PeriodMS != nil && *agent.PeriodMS > 0 {
		add("every " + span(time.Duration(*agent.PeriodMS)*time.Millisecond))
	}
	if agent.Waiting != nil && *agent.Waiting > 0 {
		add(counted(*agent.Waiting, "result waiting", "results waiting"))
	}
	if agent.ClockOffsetMS != nil {
		if off := time.Duration(*agent.ClockOffsetMS) * time.Millisecond; off.Abs() > clockNote {
			side := "behind"
			if off < 0 {
				side = "ahead"
			}
			add("clock " + span(off.Abs()) + " " + side)
		}
	}
	for _, w := range agent.Warnings {
		h.Warnings = append(h.Warnings, w.Text)
	}
	if text := agent.BundleProblem(); text != "" {
		h.Warnings = append(h.Warnings, text)
	}
	if agent.State == "revoked" {
		h.Warnings = append(h.Warnings, "Its access was ended: it can deliver nothing.")
	}
	s.situation(q, h, &agent)
	h.Change, err = q.tagsForm(agent.AgentID, agent.Tags)
	return h, &agent, err
}

// clockNote is how far a clock is off before a page says so.
const clockNote = 2 * time.Second

// situation sets the mark, and what is said of a host that is silent.
func (s *Site) situation(q *request, h *hostHead, agent *report.Agent) {
	if s.Hosts != nil {
		rows := s.Hosts.Rows(q.now)
		for i := range rows {
			if rows[i].ID == h.ID {
				one := newHostRow(&rows[i], nil, q)
				h.Mark, h.Silent = one.Mark, rows[i].Situation
				return
			}
		}
	}
	if agent.Health == report.Silent {
		h.Mark, h.Silent = "silent", "silent"
	}
}

// hostOf is the address without its port.
func hostOf(remote string) string {
	if i := strings.LastIndexByte(remote, ':'); i > 0 && !strings.Contains(remote[i:], "]") {
		return strings.Trim(remote[:i], "[]")
	}
	return remote
}

// counted is a number with its noun.
func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
