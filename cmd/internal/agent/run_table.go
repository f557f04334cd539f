package agent

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"virgo/cmd/internal/run"
	"virgo/cmd/internal/term"
	"virgo/collect"
)

// showRun prints the results of a run and what became of them.
func (p *Program) showRun(ag *run.Agent, opt RunOptions, rep run.Report) error {
	all := rep.Outcomes
	sort.Slice(all, func(i, j int) bool { return all[i].Result.CheckID < all[j].Result.CheckID })
	if len(rep.Outcomes) > 0 {
		rows := make([]ResultRow, len(rep.Outcomes))
		for i, o := range rep.Outcomes {
			rows[i] = ResultRow{o.Result, rep.Before[o.Result.CheckID], term.Age(o.Took)}
		}
		if err := p.ResultTable(ag.Registry, "TOOK", rows); err != nil {
			return err
		}
	}
	for _, line := range p.runSummary(ag, opt, rep) {
		fmt.Fprintln(p.Out, line)
	}
	return nil
}

// A ResultRow is a row of a [Program.ResultTable].
type ResultRow struct {
	Result collect.Result
	// Before is the check's previous result; its zero value: there is none.
	Before collect.Result
	// Time is what the column beside the state says.
	Time string
}

// ResultTable prints results; timeColumn is the name of the column ResultRow.Time.
func (p *Program) ResultTable(reg *collect.Registry, timeColumn string, rows []ResultRow) error {
	var t term.Table
	t.Right(2)
	t.Head("CHECK", "STATE", timeColumn, "RESULT")
	for _, r := range rows {
		state, text := term.Good, term.Plain
		if r.Result.State != collect.Available {
			state, text = term.Bad, term.Bad
		}
		t.Cells(
			term.Cell{Text: r.Result.CheckID},
			term.Cell{Text: string(r.Result.State), Color: state},
			term.Cell{Text: r.Time, Color: term.Faint},
			term.Cell{Text: resultText(reg, r), Color: text},
		)
	}
	return t.Write(p.Out, p.Color())
}

// resultText returns what a row says of the result: its status, its figures or both.
func resultText(reg *collect.Registry, r ResultRow) string {
	figures := strings.Join(KeyFigures(reg, r.Result, r.Before), ", ")
	switch {
	case figures == "":
		return r.Result.Status
	case r.Result.Status == collect.StatusSuccess:
		return figures
	}
	return r.Result.Status + "; " + figures
}

// runSummary returns the lines below the table.
func (p *Program) runSummary(ag *run.Agent, opt RunOptions, rep run.Report) []string {
	took := term.Age(rep.Took.Round(time.Millisecond))
	d := rep.Delivery
	var lines []string
	if rep.Due == 0 {
		lines = append(lines, nothingDue(rep, p.Now()))
	}
	if others := rep.Scheduled - rep.Due; opt.All && rep.Due > 0 && others > 0 {
		lines = append(lines, term.Count(others, "check is", "checks are")+" left out: another run is at it")
	}
	switch {
	case p.Context.Err() != nil: // the error says the rest
	case d.Busy:
		lines = append(lines, fmt.Sprintf("%s stored in %s; another run is delivering", results(rep.Kept), took))
	case d.Tried && d.Err != nil:
		lines = append(lines,
			fmt.Sprintf("%s in %s, %d delivered: %s", results(rep.Due), took, d.Delivered, OneLine(d.Err.Error())))
	case d.Tried && (rep.Due > 0 || d.Delivered > 0 || d.Refused > 0):
		s := fmt.Sprintf("%s in %s, %d delivered to %s", results(rep.Due), took, d.Delivered, d.Endpoint)
		if d.Refused > 0 {
			s += fmt.Sprintf(", %d refused (virgo spool list --rejected)", d.Refused)
		}
		lines = append(lines, s)
	case !d.Tried && rep.Due > 0:
		lines = append(lines, fmt.Sprintf("%s stored in %s", results(rep.Kept), took))
	}
	return lines
}

// nothingDue says when a check is due next.
func nothingDue(rep run.Report, now time.Time) string {
	switch {
	case rep.Scheduled == 0:
		return "nothing is due: there are no checks (virgo schedule show)"
	case !rep.Next.After(now):
		return "nothing is due: another run is running the checks"
	}
	wait := term.Age(max(rep.Next.Sub(now).Round(time.Second), time.Second))
	return fmt.Sprintf("nothing is due; next is %s in %s (virgo run --all runs every check now)", OneLine(rep.NextID), wait)
}

func results(n int) string { return term.Count(n, "result", "results") }
