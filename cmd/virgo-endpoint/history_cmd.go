package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/schedule/shorttext"
)

type historyCmd struct {
	Agent     string `arg:"" help:"The agent's id."`
	Check     string `arg:"" optional:"" help:"The check's id."`
	Metric    string `arg:"" optional:"" help:"The metric's name."`
	Dimension string `placeholder:"D" help:"Dimension of the metric, for example the file system; needed where it has several."`
	Since     string `placeholder:"T" help:"From T on: an age such as 90s, 1h, 7d, or a time such as 2026-03-01, '2026-03-01 15:04' (local) or 2026-03-01T15:04:05Z. Default: 24h."`
	Until     string `placeholder:"T" help:"Before T, likewise. Default: now."`
	Step      string `enum:"auto,result,5m,1h,1d" default:"auto" help:"A point for each result, or for so long: ${enum}. Default: what fits the time."`
	Rate      bool   `help:"Changes per second, of a metric that counts."`
	CSV       bool   `help:"Print the points as CSV, with times in UTC."`
}

func (historyCmd) Help() string {
	return "Draws how a metric changed. Without METRIC it lists what there is. The command can be used while a server runs.\n\n" +
		"The line is the mean, the band around it reaches from the minimum to the maximum of each step. It has a gap where values are missing: " +
		"the check was unavailable or did not run, or its results are not here yet. A result stands where its check finished, corrected by the clock offset of its host. " +
		"A metric that is a text is listed with its changes.\n\n" +
		"Each result is there as long as results are kept (serve --keep-results); after that there are minima, maxima and means of five minutes for 90 days, " +
		"of an hour for two years, and of a day for ever. Where a finer step is asked for than there is, the points are longer."
}

// defaultSince is how far back a history goes.
const defaultSince = 24 * time.Hour

func (c *historyCmd) Run(a *app) error {
	if c.CSV && a.JSON {
		return &failure{exitUsage, errors.New("--csv and --json exclude each other"), ""}
	}
	q := intake.SeriesQuery{AgentID: c.Agent, CheckID: c.Check, Metric: c.Metric, Dimension: c.Dimension}
	var err error
	if q.From, q.To, err = c.span(a.now()); err != nil {
		return err
	}
	q.Step = c.step(q.To.Sub(q.From))
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	series, err := st.Series(a.ctx, c.Agent)
	switch {
	case errors.Is(err, intake.ErrNoAgent):
		return &failure{exitUsage, fmt.Errorf("agent %q: %w", c.Agent, err), a.nearAgent(st, c.Agent)}
	case err != nil:
		return a.explain(err)
	}
	if c.Metric == "" {
		return c.list(a, series)
	}
	s, err := c.find(a, series)
	if err != nil {
		return err
	}
	q.Dimension = s.Dimension
	return a.explain(c.show(a, st, s, q))
}

// span is the time that is shown.
func (c *historyCmd) span(now time.Time) (from, to time.Time, err error) {
	from, to = now.Add(-defaultSince), now
	for _, t := range []struct {
		flag, text string
		into       *time.Time
	}{{"--since", c.Since, &from}, {"--until", c.Until, &to}} {
		if t.text == "" {
			continue
		}
		if *t.into, err = instant(t.text, now); err != nil {
			return from, to, &failure{exitUsage, fmt.Errorf("%s %q: %w", t.flag, t.text, err),
				fmt.Sprintf("for example %s 1h, %[1]s 2026-03-01 or %[1]s 2026-03-01T15:04:05Z", t.flag)}
		}
	}
	if c.Since == "" && c.Until != "" {
		from = to.Add(-defaultSince)
	}
	if !from.Before(to) {
		return from, to, &failure{exitUsage, errors.New("--since is not before --until"), ""}
	}
	return from, to, nil
}

// step is that of the flag, or one that gives some points for each column of a terminal.
func (c *historyCmd) step(span time.Duration) time.Duration {
	const day = 24 * time.Hour
	switch c.Step {
	case "result":
		return intake.EveryResult
	case "5m":
		return intake.FiveMinutes
	case "1h":
		return intake.Hourly
	case "1d":
		return intake.Daily
	}
	switch {
	case span <= 36*time.Hour:
		return intake.EveryResult
	case span <= 15*day:
		return intake.FiveMinutes
	case span <= 200*day:
		return intake.Hourly
	}
	return intake.Daily
}

// find returns the series that is asked for.
func (c *historyCmd) find(a *app, series []intake.Series) (*intake.Series, error) {
	lists := "virgo-endpoint history --dir " + shorttext.QuoteShell(a.Dir) + " " + shorttext.QuoteShell(c.Agent) + " lists what there is"
	pick := func(what, wanted string, of []intake.Series, field func(s *intake.Series) string) ([]intake.Series, error) {
		found := slices.DeleteFunc(slices.Clone(of), func(s intake.Series) bool { return field(&s) != wanted })
		if len(found) > 0 {
			return found, nil
		}
		var names []string
		for i := range of {
			names = append(names, field(&of[i]))
		}
		hint := lists
		if near := shorttext.Nearest(wanted, names); near != "" {
			hint = fmt.Sprintf("did you mean %q? %s", shorttext.Sanitize(near), lists)
		}
		return nil, &failure{exitUsage, fmt.Errorf("agent %q has no %s %q with a history", c.Agent, what, wanted), hint}
	}
	list, err := pick("check", c.Check, series, func(s *intake.Series) string { return s.CheckID })
	if err != nil {
		return nil, err
	}
	if list, err = pick("metric", c.Metric, list, func(s *intake.Series) string { return s.Metric }); err != nil {
		return nil, err
	}
	dimensions := dimensionsOf(list)
	if c.Dimension == "" && len(dimensions) > 1 && dimensions[0] != "" {
		return nil, &failure{exitUsage, fmt.Errorf("metric %q has %d dimensions", c.Metric, len(dimensions)),
			"give one of them: --dimension " + strings.Join(quoted(dimensions), ", ")}
	}
	if c.Dimension != "" || len(dimensions) > 1 {
		if list, err = pick("dimension", c.Dimension, list, func(s *intake.Series) string { return s.Dimension }); err != nil {
			return nil, err
		}
	}
	latest := slices.MaxFunc(list, func(a, b intake.Series) int { return a.Last.Compare(b.Last) })
	return &latest, nil
}

func dimensionsOf(list []intake.Series) []string {
	var names []string
	for i := range list {
		names = append(names, list[i].Dimension)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// quoted are some names as a command line has them.
func quoted(names []string) []string {
	const most = 20
	var list []string
	for i, n := range names {
		if i == most {
			return append(list, "…")
		}
		list = append(list, shorttext.QuoteShell(shorttext.Sanitize(n)))
	}
	return list
}

// A seriesEntry is a series in a document.
type seriesEntry struct {
	CheckID   string  `json:"check_id"`
	CheckType string  `json:"check_type"`
	Metric    string  `json:"metric"`
	Dimension *string `json:"dimension"`
	Type      string  `json:"type"`
	Unit      string  `json:"unit"`
	// First and Last are the days (UTC) of the first and the latest value.
	First string `json:"first"`
	Last  string `json:"last"`
}

func seriesOf(s *intake.Series) seriesEntry {
	e := seriesEntry{CheckID: s.CheckID, CheckType: s.CheckType, Metric: s.Metric, Type: s.Type, Unit: s.Unit,
		First: s.First.UTC().Format(time.DateOnly), Last: s.Last.UTC().Format(time.DateOnly)}
	if s.Dimension != "" {
		e.Dimension = &s.Dimension
	}
	return e
}

type seriesDocument struct {
	document
	AgentID string        `json:"agent_id"`
	Series  []seriesEntry `json:"series"`
}

// list prints the series of an agent, or of a check.
func (c *historyCmd) list(a *app, series []intake.Series) error {
	if c.Check != "" {
		all := series
		series = slices.DeleteFunc(slices.Clone(all), func(s intake.Series) bool { return s.CheckID != c.Check })
		if len(series) == 0 {
			_, err := c.find(a, all)
			return err
		}
	}
	if a.JSON {
		doc := seriesDocument{document{schemaVersion}, c.Agent, []seriesEntry{}}
		for i := range series {
			doc.Series = append(doc.Series, seriesOf(&series[i]))
		}
		return a.printJSON(doc)
	}
	t := table{columns: []column{{head: "CHECK"}, {head: "METRIC"}, {head: "DIMENSION", optional: true}, {head: "TYPE", drop: 1},
		{head: "UNIT", drop: 2, optional: true}, {head: "SINCE (UTC)", drop: 3}, {head: "LAST (UTC)", drop: 4}}}
	for i := range series {
		s := &series[i]
		e := seriesOf(s)
		t.row(s.CheckID, s.Metric, s.Dimension, s.Type, s.Unit, e.First, e.Last)
	}
	if len(series) == 0 {
		fmt.Fprintln(a.err, "virgo-endpoint: no metrics are stored")
	}
	return a.printTable(&t)
}

// show prints the points of a series.
func (c *historyCmd) show(a *app, st *store.Store, s *intake.Series, q intake.SeriesQuery) error {
	var rate *rates
	if c.Rate {
		if s.Text() {
			return &failure{exitUsage, fmt.Errorf("metric %q is a text and has no rate", c.Metric), ""}
		}
		rate = &rates{}
	}
	points := func(fn func(intake.Point) error) error {
		return st.Points(a.ctx, q, func(p intake.Point) error {
			if rate == nil {
				return fn(p)
			}
			if changed, ok := rate.of(p); ok {
				return fn(changed)
			}
			return nil
		})
	}
	switch {
	case a.JSON:
		return a.historyJSON(s, q, points)
	case c.CSV:
		return a.historyCSV(s, points)
	case s.Text():
		return a.historyTexts(points)
	}
	return a.historyPlot(s, q, c.Rate, points)
}

// rates turns the points of a counter into changes per second.
type rates struct {
	before       intake.Point
	any, skipped bool
}

// of returns the change from the last point to p; there is none before the first, and none where the counter began anew.
func (r *rates) of(p intake.Point) (intake.Point, bool) {
	before, had := r.before, r.any
	r.before, r.any = p, true
	seconds := p.Time.Add(p.Span).Sub(before.Time.Add(before.Span)).Seconds()
	if !had || seconds <= 0 {
		return p, false
	}
	change := difference(p.Max, before.Max)
	if change < 0 {
		r.skipped = true
		return p, false
	}
	v := intake.FloatValue(change / seconds)
	p.Gap, r.skipped = p.Gap || r.skipped, false
	p.Min, p.Max, p.Mean = v, v, v.Float()
	return p, true
}

// difference returns a-b, exact for whole numbers of 64 bits as far as a float64 is.
func difference(a, b intake.Value) float64 {
	x, okX := a.Int()
	y, okY := b.Int()
	if okX && okY && (x >= y) == (x-y >= 0) {
		return float64(x - y)
	}
	u, okU := a.Uint()
	w, okW := b.Uint()
	if okU && okW && u >= w {
		return float64(u - w)
	}
	return a.Float() - b.Float()
}
