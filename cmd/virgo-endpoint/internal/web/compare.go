package web

import (
	"errors"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

func compareView() view {
	return view{pattern: "GET /compare", serve: func(s *Site, q *request) error {
		page, err := s.compare(q)
		if err != nil {
			return err
		}
		return q.render("compare", page.Title(), page)
	}}
}

// A comparePage shows the plots of two hosts side by side, with the same scales.
type comparePage struct {
	A, B  comparedHost
	Hosts []hostChoice
	Span  hostSpan
	Live  bool
	// Data and Second are where the script finds the plots; empty as long as a host is not chosen.
	Data, Second string
}

type comparedHost struct {
	ID, Name string
	Seen     stamp
}

// Path is the address of the host's page.
func (h comparedHost) Path() string { return hostPath(h.ID) }

type hostChoice struct{ ID, Name string }

// Scripts is for render.
func (p *comparePage) Scripts() []string { return []string{"plots.js"} }

// Title is that of the window.
func (p *comparePage) Title() string {
	if p.Data == "" || p.Second == "" {
		return "Compare two hosts"
	}
	return p.A.Name + " and " + p.B.Name
}

// A hostField is a field of the form in which a host is chosen.
type hostField struct {
	Name, Now string
	Hosts     []hostChoice
}

// Left is the first field.
func (p *comparePage) Left() hostField { return hostField{"a", p.A.ID, p.Hosts} }

// Right is the second one.
func (p *comparePage) Right() hostField { return hostField{"b", p.B.ID, p.Hosts} }

func (s *Site) compare(q *request) (*comparePage, error) {
	if s.Charts == nil {
		return nil, notFound("This endpoint keeps no history.")
	}
	p := &comparePage{}
	var err error
	if p.Span, err = spanOf(q); err != nil {
		return nil, err
	}
	p.Live = p.Span.Range != ""
	rows := s.Hosts.Rows(q.now)
	for i := range rows {
		p.Hosts = append(p.Hosts, hostChoice{rows[i].ID, rows[i].Name})
	}
	form := q.URL.Query()
	if p.A, p.Data, err = s.compared(q, form.Get("a"), &p.Span); err != nil {
		return nil, err
	}
	p.B, p.Second, err = s.compared(q, form.Get("b"), &p.Span)
	return p, err
}

// compared returns one of the hosts, and where its plots are; without an id neither.
func (s *Site) compared(q *request, id string, span *hostSpan) (comparedHost, string, error) {
	if id == "" {
		return comparedHost{}, "", nil
	}
	agent, err := report.FindAgent(q.Context(), s.Charts.Store, id, q.now)
	if errors.Is(err, intake.ErrNoSuchAgent) || err == nil && agent.Removed != nil {
		return comparedHost{}, "", notFound("There is no host with this name. It may have been removed.")
	}
	if err != nil {
		return comparedHost{}, "", err
	}
	h := comparedHost{ID: agent.AgentID, Name: watch.HostName(agent.AgentID, agent.Name)}
	if agent.LastSeen != nil {
		h.Seen = q.at(time.UnixMilli(*agent.LastSeen))
	}
	return h, plotsAddress(agent.AgentID, &hostPage{Span: *span}), nil
}
