package web

import (
	"time"

	"virgo/cmd/virgo-endpoint/internal/report"
)

func infoView() view {
	return view{pattern: "GET /hosts/{id}/info", serve: func(s *Site, q *request) error {
		page, err := s.info(q)
		if err != nil {
			return err
		}
		return q.render("info", page.Name, page)
	}}
}

// Bounds of what a host's page lists.
const (
	maxInfoLosses   = 50
	maxInfoRefusals = 50
)

// An infoPage says what a host told of itself, what it refuses, what was refused of it, and what it lost.
type infoPage struct {
	hostHead
	// Info is what it was asked; nil without an API.
	Info     *hostInfos
	Refused  []refusedCheck
	Refusals []refusedResult
	Losses   []lossReport
}

// A refusedCheck is one that the host's owner does not allow.
type refusedCheck struct {
	ID, Type, Status string
	Since            stamp
}

// A refusedResult is one that the endpoint did not accept.
type refusedResult struct {
	At            stamp
	Result, Error string
}

// A lossReport is what a host reported as lost.
type lossReport struct {
	At     stamp
	Status string
	Causes []lossCause
}

type lossCause struct{ Cause, Text string }

func (s *Site) info(q *request) (*infoPage, error) {
	head, agent, err := s.hostHead(q, q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := &infoPage{hostHead: *head}
	p.Tab = "info"
	if p.Info, err = q.hostInfos(agent.AgentID); err != nil {
		return nil, err
	}
	if err := p.refused(s, q, agent.AgentID); err != nil {
		return nil, err
	}
	refusals, err := s.Charts.Store.Refusals(q.Context(), agent.AgentID, maxInfoRefusals)
	if err != nil {
		return nil, err
	}
	for i := len(refusals) - 1; i >= 0; i-- {
		r := &refusals[i]
		p.Refusals = append(p.Refusals, refusedResult{q.at(r.Received), r.ID, r.Message})
	}
	losses, err := report.Losses(q.Context(), s.Charts.Store, agent.AgentID, maxInfoLosses)
	if err != nil {
		return nil, err
	}
	for _, l := range losses {
		one := lossReport{At: q.at(time.UnixMilli(l.Reported)), Status: l.Status}
		for _, c := range l.Causes {
			one.Causes = append(one.Causes, lossCause{c.Cause, q.lossText(&c)})
		}
		p.Losses = append(p.Losses, one)
	}
	return p, nil
}

// refused sets the checks that the host's owner does not allow.
func (p *infoPage) refused(s *Site, q *request, agentID string) error {
	states, err := s.Charts.Store.Latest(q.Context(), agentID)
	if err != nil {
		return err
	}
	why, err := s.statuses(q.Context(), agentID, true)
	if err != nil {
		return err
	}
	for i := range states {
		if c := &states[i]; c.Refused {
			p.Refused = append(p.Refused, refusedCheck{c.CheckID, c.CheckType, why[c.CheckID].status, q.at(c.Received)})
		}
	}
	return nil
}

// lossText says what was lost by one cause.
func (q *request) lossText(c *report.Cause) string {
	text := ""
	switch {
	case c.Results != nil:
		text = counted(*c.Results, "result", "results")
	case c.DamagedFiles != nil:
		text = counted(*c.DamagedFiles, "damaged file", "damaged files")
	}
	if c.From != nil && c.To != nil {
		text += ", made " + q.period(time.UnixMilli(*c.From), time.UnixMilli(*c.To))
	}
	return text
}
