package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/chart"
	"virgo/cmd/virgo-endpoint/internal/live"
)

func figureView() view {
	return view{pattern: "GET /figure", serve: func(s *Site, q *request) error {
		page, err := s.figure(q)
		if err != nil {
			return err
		}
		return q.render("figure", cmp.Or(page.Title, "Figures"), page)
	}}
}

// defaultTop is the number of lines of a figure over many hosts, maxTags that of the tags that are offered.
const (
	defaultTop = 10
	maxTags    = 200
)

// A figurePage shows one figure of many hosts.
type figurePage struct {
	Title, Sentence string
	Span            hostSpan
	// Type and Figure name the figure, Tag selects hosts, Least orders from the least on.
	Type, Figure, Tag string
	Least             bool
	Known             []figureChoice
	Tags              []string
	// Hosts is the number of hosts that have it.
	Hosts string
	Rows  []rankedRow
	Data  string
	Live  bool
}

// Scripts is for render.
func (*figurePage) Scripts() []string { return []string{"plots.js"} }

// Kind is the value of the current figure in the form.
func (p *figurePage) Kind() string { return p.Type + " " + p.Figure }

type figureChoice struct {
	Value, Text string
	Current     bool
}

// A rankedRow is a line of the table below the plot.
type rankedRow struct {
	Index                    int
	Name, Dimension, Check   string
	Mean, Max, Last, Address string
}

func (s *Site) figure(q *request) (*figurePage, error) {
	if s.Charts == nil {
		return nil, notFound("This endpoint keeps no history.")
	}
	form := q.URL.Query()
	p := &figurePage{Type: cmp.Or(form.Get("type"), "agent.cpu"), Figure: cmp.Or(form.Get("figure"), "usage"), Tag: form.Get("tag"), Least: form.Get("least") == "true"}
	if kind := form.Get("kind"); kind != "" { // the form has both in one
		p.Type, p.Figure, _ = strings.Cut(kind, " ")
	}
	var err error
	if p.Span, err = spanOf(q); err != nil {
		return nil, err
	}
	p.Live = p.Span.Range != ""
	ask := chart.TopQuery{CheckType: p.Type, Figure: p.Figure, From: p.Span.From, To: p.Span.To, Top: defaultTop, Least: p.Least}
	ask.Hosts, p.Tags = selectHosts(s.Hosts.Rows(q.now), p.Tag)
	top, err := s.Charts.Top(q.Context(), ask)
	if err != nil {
		return nil, err
	}
	p.Title, p.Sentence = top.Title, top.Sentence
	p.Hosts = counted(int64(top.Hosts), "host", "hosts")
	for _, k := range top.Known {
		p.Known = append(p.Known, figureChoice{k.CheckType + " " + k.Figure, k.Title, k.CheckType == p.Type && k.Figure == p.Figure})
	}
	distinct(p.Known)
	unit := ""
	if len(top.Plots) > 0 {
		unit = top.Plots[0].Unit
	}
	for i, r := range top.Ranked {
		address := hostPath(r.AgentID) + spanAddress(url.Values{"check": {r.CheckID}}, p.Span.pairs()...)
		p.Rows = append(p.Rows, rankedRow{i%8 + 1, r.Name, r.Dimension, r.CheckID, chart.Format(r.Mean, unit), chart.Format(r.Max, unit), chart.Format(r.Last, unit), address})
	}
	data := url.Values{"type": {p.Type}, "figure": {p.Figure}, "top": {strconv.Itoa(defaultTop)},
		"since": {p.Span.From.UTC().Format(time.RFC3339Nano)}, "until": {p.Span.To.UTC().Format(time.RFC3339Nano)}}
	if p.Tag != "" {
		data.Set("tag", p.Tag)
	}
	if p.Least {
		data.Set("least", "true")
	}
	p.Data = "/v1/figures?" + data.Encode()
	return p, nil
}

// distinct adds the type to the titles of figures that are the same.
func distinct(list []figureChoice) {
	count := map[string]int{}
	for i := range list {
		count[list[i].Text]++
	}
	for i := range list {
		if count[list[i].Text] > 1 {
			list[i].Text += " (" + list[i].Value + ")"
		}
	}
}

// selectHosts returns the hosts with a tag, or all, and all tags.
func selectHosts(rows []live.Row, tag string) (hosts []chart.Host, tags []string) {
	for i := range rows {
		if tag == "" || slices.Contains(rows[i].Tags, tag) {
			hosts = append(hosts, chart.Host{ID: rows[i].ID, Name: rows[i].Name})
		}
		for _, t := range rows[i].Tags {
			if !slices.Contains(tags, t) && len(tags) < maxTags {
				tags = append(tags, t)
			}
		}
	}
	slices.Sort(tags)
	return hosts, tags
}
