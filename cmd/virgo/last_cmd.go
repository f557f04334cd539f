package main

import (
	"fmt"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/collect"
	"virgo/schedule/shorttext"
)

type lastCmd struct {
	Check string `arg:"" optional:"" help:"Id of a check, for all its metrics."`
}

// Help returns the text below the summary in the help.
func (lastCmd) Help() string {
	return "Shows the latest result of each check, delivered or not, or all metrics of one. Of a result with " +
		"several hundred metrics only the state and the status are kept."
}

func (c *lastCmd) Run(a *app) error {
	ag, _, err := a.OpenAgentToRead()
	if err != nil {
		return err
	}
	results, err := ag.Latest(a.Context)
	if err != nil {
		return err
	}
	if c.Check != "" {
		if results, err = only(results, c.Check); err != nil {
			return err
		}
	}
	now := a.Now()
	switch {
	case a.JSON:
		docs := make([]resultDocument, len(results))
		for i, r := range results {
			docs[i] = newResultDocument(collect.Outcome{Result: r})
		}
		return a.printJSON(struct {
			document
			Results []resultDocument `json:"results"`
		}{document{schemaVersion}, docs})
	case c.Check != "":
		r := results[0]
		return a.showResult(r, r.CheckID+" ("+r.CheckType+")", ago(now, r.Time.UnixMilli()))
	case len(results) == 0:
		_, err := fmt.Fprintln(a.Out, "no check has run yet (virgo run)")
		return err
	}
	rows := make([]agent.ResultRow, len(results))
	for i, r := range results {
		rows[i] = agent.ResultRow{Result: r, Time: ago(now, r.Time.UnixMilli())}
	}
	return a.ResultTable(ag.Registry, "MADE", rows)
}

// only returns the result of one check; its error suggests the nearest one.
func only(results []collect.Result, id string) ([]collect.Result, error) {
	var known []string
	for i, r := range results {
		if r.CheckID == id {
			return results[i : i+1], nil
		}
		known = append(known, r.CheckID)
	}
	hint := "virgo last lists the checks that have one, virgo schedule show all checks"
	if near := shorttext.Nearest(id, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(fmt.Errorf("there is no result of a check %q", id), hint))
}

// showResult prints a result with all its metrics; when says how old it is, or how long it took.
func (a *app) showResult(r collect.Result, name, when string) error {
	color := term.Good
	if r.State != collect.Available {
		color = term.Bad
	}
	var head term.Table
	head.Cells(
		term.Cell{Text: name, Color: term.Head},
		term.Cell{Text: string(r.State), Color: color},
		term.Cell{Text: r.Status + " (" + when + ")"},
	)
	if err := head.Write(a.Out, a.Color()); err != nil {
		return err
	}
	var t term.Table
	for _, m := range r.Metrics {
		t.Cells(
			term.Cell{Text: m.Dimension, Color: term.Faint},
			term.Cell{Text: m.Name},
			term.Cell{Text: term.Value(string(m.Type), m.Value, m.Unit)},
		)
	}
	return t.Write(a.Out, a.Color())
}
