package main

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/schedule/shorttext"
)

type agentsShowCmd struct {
	ID string `arg:"" help:"The agent's id."`
}

func (agentsShowCmd) Help() string {
	return "The checks are those of which results come; AGE is how long ago the latest result arrived. agents --help explains the states."
}

type agentDocument struct {
	document
	agentEntry
	Latest []report.Result `json:"latest"`
}

func (c *agentsShowCmd) Run(a *app) error {
	return a.withAgents(c.ID, func(st *store.Store) error {
		dir, err := a.folder()
		if err != nil {
			return err
		}
		agent, err := report.FindAgent(a.ctx, st, c.ID, a.now())
		if err != nil {
			return err
		}
		schedules := folder.NewSchedules(dir.SchedulesDir(), slog.New(slog.DiscardHandler), a.now)
		file, mistakes := scheduleMistakes(schedules, c.ID)
		e := agentEntry{agent, file, mistakes}
		var latest []intake.Result
		err = report.LatestResults(a.ctx, st, intake.Filter{AgentID: c.ID}, func(r intake.Result) error {
			latest = append(latest, r)
			return nil
		})
		if err != nil {
			return err
		}
		if a.JSON {
			doc := agentDocument{document{schemaVersion}, e, []report.Result{}}
			for i := range latest {
				doc.Latest = append(doc.Latest, report.ResultOf(&latest[i]))
			}
			return a.printJSON(doc)
		}
		return a.print(slices.Concat(a.agentText(&e), a.checksTable(latest)))
	})
}

// agentText is what is known about an agent, one line each.
func (a *app) agentText(ag *agentEntry) []byte {
	now := a.now()
	var t term.Table
	line := func(name, text string) {
		if text != "" && text != "-" {
			t.Row(name, text)
		}
	}
	t.Cells(term.Cell{Text: "agent"}, term.Cell{Text: ag.AgentID, Color: term.Head})
	line("name", nameBeside(&ag.Agent))
	t.Cells(term.Cell{Text: "state"}, term.Cell{Text: stateText(&ag.Agent), Color: stateColor(ag.Health)})
	for _, w := range ag.Warnings {
		line("warning", w.Text)
	}
	seen := timeOf(ag.LastSeen)
	line("last contact", ago(seen, now))
	if !seen.IsZero() {
		line("", moment(seen))
	}
	if ag.PeriodMS != nil {
		line("expected every", span(*ag.PeriodMS))
	}
	line("first contact", moment(timeOf(ag.FirstSeen)))
	line("from", ag.Remote)
	line("clock", clock(ag.ClockOffsetMS))
	line("version", ag.ProcessVersion)
	line("bundle version", ag.BundleVersion)
	line("bundle state", ag.BundleState)
	line("bundle name", ag.BundleName)
	line("bundle channel", ag.BundleChannel)
	if ag.Waiting != nil {
		line("waiting there", term.Count(*ag.Waiting, "result", "results"))
	}
	line("stored", term.Count(ag.Results, "result", "results"))
	line("schedule", ag.Schedule)
	for _, m := range ag.ScheduleMistakes {
		line("", m)
	}
	line("tags", strings.Join(ag.Tags, " "))
	line("group", ag.Group)
	line("key", keyText(ag.Key))
	if ag.Registered != nil {
		line("registered", moment(timeOf(ag.Registered)))
	}
	line("registered from", ag.RegisteredFrom)
	line("token", ag.TokenID)
	if ag.Relay {
		line("relay", "yes")
	}
	line("session", sessionText(ag.Session))
	if ag.Revoked != nil {
		line("revoked", moment(timeOf(ag.Revoked)))
	}
	if ag.Removed != nil {
		line("removed", moment(timeOf(ag.Removed)))
	}
	return []byte(t.Text(a.width(), a.color()))
}

// checksTable lists the latest results of an agent.
func (a *app) checksTable(latest []intake.Result) []byte {
	if len(latest) == 0 {
		return nil
	}
	now, width := a.now(), a.width()
	t := table{columns: []column{{head: "CHECK"}, {head: stateHead, drop: 2}, {head: "AGE"}, {head: "TYPE", drop: 1}, {head: "RESULT"}}}
	for i := range latest {
		r := &latest[i]
		t.cells(term.Cell{Text: r.CheckID}, shownState(r), term.Cell{Text: strings.TrimSuffix(ago(r.Received, now), " ago")},
			term.Cell{Text: r.CheckType}, term.Cell{})
	}
	t.summaries(width, leastSummary, func(i, width int, state bool) string { return said(&latest[i], "", width, state) })
	var b bytes.Buffer
	b.WriteByte('\n')
	b.Write(t.text(width, leastSummary, a.color()))
	return b.Bytes()
}

// summaries fills the last column, now that it is known how much room the others leave: at least least, or all
// of the next line. Width 0 is without bound. text gets whether the column of states is shown.
func (t *table) summaries(width, least int, text func(row, width int, state bool) string) {
	last := len(t.columns) - 1
	shown := t.shown(width, least)
	room := 0
	if width > 0 {
		if room = width - t.width(shown, least) + least; room < least {
			room = width - len("  ")
		}
	}
	state := slices.ContainsFunc(shown, func(i int) bool { return t.columns[i].head == stateHead })
	for i := range t.rows {
		t.rows[i][last].Text = shorttext.Sanitize(text(i, room, state))
	}
}

// stateHead is the head of the column with the states of results.
const stateHead = "STATE"

// said is a result's summary, after its state where that is in no column of its own.
func said(r *intake.Result, metric string, width int, state bool) string {
	if state || r.State == "available" {
		return summary(r, metric, width)
	}
	return shownState(r).Text + ": " + summary(r, metric, max(width-len("unavailable: "), 1))
}

// shownState is a result's state as a table shows it.
func shownState(r *intake.Result) term.Cell {
	switch {
	case r.Refused:
		return term.Cell{Text: "refused", Color: term.Faint}
	case r.State != "available":
		return term.Cell{Text: r.State, Color: term.Bad}
	}
	return term.Cell{Text: r.State, Color: term.Good}
}
