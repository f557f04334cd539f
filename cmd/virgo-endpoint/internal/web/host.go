package web

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/chart"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// maxHostAlarms bounds the alarms at the top of a host's page.
const maxHostAlarms = 50

func hostView() view {
	return view{pattern: "GET /hosts/{id}", serve: func(s *Site, q *request) error {
		page, err := s.host(q)
		if err != nil {
			return err
		}
		return q.render("host", page.Name, page)
	}}
}

// A hostPage is what the page of one host shows.
type hostPage struct {
	hostHead
	Span   hostSpan
	Alarms []hostAlarm
	Checks []checkRow
	// ChecksFrom is where the states of the checks begin, in ms since the Unix epoch.
	ChecksFrom int64
	// Check and Plot select plots; empty for all. More is true where plots of less important metrics are shown too.
	Check, Plot string
	More        bool
	// Data is the address that the script reads the plots from.
	Data string
	// Live is true where the page goes on by itself.
	Live bool
	// Drawn are plots for browsers without a script; nil for others, which Plain tells where to find them.
	Drawn []chart.Picture
	Plain string
	// All is the address with every plot.
	All string
}

// Scripts is for render.
func (p *hostPage) Scripts() []string {
	if p.Drawn != nil {
		return nil
	}
	return []string{"plots.js"}
}

// A hostAlarm is an alarm that stands.
type hostAlarm struct {
	State, Text, Check string
	Since              stamp
	AckedBy            string
	// Key is for acknowledging it; May is set where the person may.
	Key      watch.Key
	May      bool
	Silenced bool
	// Address shows the plots of its check.
	Address string
}

// host reads what the page of a host shows.
func (s *Site) host(q *request) (*hostPage, error) {
	head, agent, err := s.hostHead(q, q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := &hostPage{hostHead: *head}
	if p.Span, err = spanOf(q); err != nil {
		return nil, err
	}
	form := q.URL.Query()
	p.Check, p.Plot, p.More = form.Get("check"), form.Get("plot"), form.Get("more") == "true"
	p.Live = p.Span.Range != ""
	p.All = address(form, "check", "", "plot", "")
	p.Data = plotsAddress(agent.AgentID, p)
	p.Plain = address(form, "draw", "svg")
	p.alarms(s, q, agent.AgentID)
	if p.Plot == "" {
		if err := p.checks(s, q, agent.AgentID); err != nil {
			return nil, err
		}
	}
	if form.Get("draw") == "svg" {
		doc, err := s.Charts.Plots(q.Context(), chart.Query{AgentID: agent.AgentID, From: p.Span.From, To: p.Span.To, CheckID: p.Check, PlotID: p.Plot, More: p.More})
		if err != nil && !errors.Is(err, intake.ErrNoAgent) {
			return nil, err
		}
		p.Drawn = []chart.Picture{}
		if doc != nil {
			p.Drawn = doc.Draw(q.zone)
		}
	}
	return p, nil
}

// plotsAddress is where the script finds the plots of a page. A range up to now is named, so that the script asks for the
// newest.
func plotsAddress(agentID string, p *hostPage) string {
	form := url.Values{}
	form.Set("since", p.Span.From.UTC().Format(time.RFC3339Nano))
	form.Set("until", p.Span.To.UTC().Format(time.RFC3339Nano))
	for name, value := range map[string]string{"check": p.Check, "plot": p.Plot} {
		if value != "" {
			form.Set(name, value)
		}
	}
	if p.More {
		form.Set("more", "true")
	}
	return "/v1/agents/" + url.PathEscape(agentID) + "/plots?" + form.Encode()
}

// address returns the query of the address with other values; an empty one is left out.
func address(form url.Values, pairs ...string) string {
	changed := url.Values{}
	for name, values := range form {
		changed[name] = values
	}
	for i := 0; i < len(pairs); i += 2 {
		changed.Del(pairs[i])
		if pairs[i+1] != "" {
			changed.Set(pairs[i], pairs[i+1])
		}
	}
	return "?" + changed.Encode()
}

// alarms sets the alarms that stand, the worst first.
func (p *hostPage) alarms(s *Site, q *request, agentID string) {
	if s.Charts.Standing == nil {
		return
	}
	standing := slices.DeleteFunc(slices.Clone(s.Charts.Standing(agentID)), func(a watch.Standing) bool { return !a.State.Open() })
	slices.SortStableFunc(standing, func(a, b watch.Standing) int {
		switch {
		case a.State.Worse(b.State):
			return -1
		case b.State.Worse(a.State):
			return 1
		}
		return a.Since.Compare(b.Since)
	})
	for _, a := range standing[:min(len(standing), maxHostAlarms)] {
		one := hostAlarm{State: strings.ToLower(a.State.String()), Text: cmp.Or(a.Text, a.Rule), Check: a.CheckID, Since: q.at(a.Since), AckedBy: a.AckedBy, Silenced: a.SilencedBy != 0, Key: a.Key, May: q.mayAcknowledge()}
		if a.CheckID != "" {
			one.Address = address(q.URL.Query(), "check", a.CheckID, "plot", "")
		}
		p.Alarms = append(p.Alarms, one)
	}
}

// A checkRow is a check with its states over time.
type checkRow struct {
	ID, Type string
	// Address shows its plots alone.
	Address string
	// State and Text say how it is now; Text is empty where there is nothing to say.
	State, Text string
	Strip       strip
}

// checks sets the rows of the checks.
func (p *hostPage) checks(s *Site, q *request, agentID string) error {
	line, err := s.Charts.Timeline(q.Context(), chart.Query{AgentID: agentID, From: p.Span.From, To: p.Span.To, CheckID: p.Check})
	if errors.Is(err, intake.ErrNoAgent) {
		return nil // it has not sent anything yet
	}
	if err != nil {
		return err
	}
	why, err := s.statuses(q.Context(), agentID, false)
	if err != nil {
		return err
	}
	p.ChecksFrom = line.First
	for _, r := range line.Rows {
		row := checkRow{ID: r.CheckID, Type: r.CheckType, Strip: q.strip(r.Runs, line.First, line.To)}
		if r.CheckID != "" {
			row.Address = address(q.URL.Query(), "check", r.CheckID)
		}
		if text, ok := why[r.CheckID]; ok {
			row.State, row.Text = "unavailable", text.status
			if text.refused {
				row.State, row.Text = "refused", "not allowed by the host's owner"
			}
		}
		p.Checks = append(p.Checks, row)
	}
	return nil
}

// maxReasons bounds the checks of which a page says why they are unavailable.
const maxReasons = 20

type reason struct {
	status  string
	refused bool
}

// statuses returns what the latest results of checks say that are unavailable, or those that the host's owner refuses.
func (s *Site) statuses(ctx context.Context, agentID string, refused bool) (map[string]reason, error) {
	states, err := s.Charts.Store.Latest(ctx, agentID)
	if err != nil {
		return nil, err
	}
	found := map[string]reason{}
	for i := range states {
		c := &states[i]
		if c.State != "unavailable" || strings.HasPrefix(c.CheckID, "agent.virgo.") || len(found) == maxReasons {
			continue
		}
		found[c.CheckID] = reason{refused: c.Refused}
		if c.Refused && !refused {
			continue
		}
		err := report.LatestResults(ctx, s.Charts.Store, intake.Filter{AgentID: agentID, CheckID: c.CheckID}, func(r intake.Result) error {
			found[c.CheckID] = reason{r.Status, c.Refused}
			return nil
		})
		var unread *intake.UnreadError
		if err != nil && !errors.As(err, &unread) {
			return nil, err
		}
	}
	return found, nil
}
