package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/store"
)

// A found is what a results command prints.
type found struct {
	filter   intake.Filter
	latest   bool
	store    *store.Store
	refusals []intake.Refusal // nil: are not printed
	app      *app
}

// each calls fn for each result. Where some cannot be read it goes on with the others, and returns that at
// last.
func (f *found) each(fn func(*intake.Result) error) (unread *intake.UnreadError, err error) {
	one := func(r intake.Result) error { return fn(&r) }
	if !f.latest {
		return unreadOf(f.store.Results(f.app.ctx, f.filter, one))
	}
	n := 0
	err = report.LatestResults(f.app.ctx, f.store, f.filter, func(r intake.Result) error {
		if n++; f.filter.Limit > 0 && n > f.filter.Limit {
			return nil
		}
		return fn(&r)
	})
	return unreadOf(err)
}

// unreadOf separates the error for results that cannot be read from others.
func unreadOf(err error) (unread *intake.UnreadError, other error) {
	if errors.As(err, &unread) {
		return unread, nil
	}
	return nil, err
}

func orNil(unread *intake.UnreadError) error {
	if unread == nil {
		return nil
	}
	return unread
}

// outputBuffer is the size of the pieces in which results are printed.
const outputBuffer = 64 << 10

// json prints one document, one result a line, as they are read.
func (f *found) json() error {
	w := bufio.NewWriterSize(f.app.out, outputBuffer)
	fmt.Fprintf(w, `{"schema_version":%d,"results":[`, schemaVersion)
	separator := "\n"
	var line []byte
	unread, err := f.each(func(r *intake.Result) (err error) {
		if line, err = report.AppendResult(append(line[:0], separator...), r); err != nil {
			return err
		}
		separator = ",\n"
		_, err = w.Write(line)
		return err
	})
	if err != nil {
		return err
	}
	w.WriteString("\n]")
	if f.refusals != nil {
		list := []report.Refusal{}
		for i := range f.refusals {
			list = append(list, report.RefusalOf(&f.refusals[i]))
		}
		data, err := json.Marshal(list)
		if err != nil {
			return fmt.Errorf("printing what was refused: %w", err)
		}
		fmt.Fprintf(w, `,"refusals":%s`, data)
	}
	if unread != nil {
		fmt.Fprintf(w, `,"unread":%d`, unread.Results)
	}
	w.WriteString("}\n")
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return orNil(unread)
}

// A resultWriter writes results in one of the formats of package report.
type resultWriter interface {
	Write(*intake.Result) error
	Flush() error
}

// stream prints results as they are read.
func (f *found) stream(w resultWriter) error {
	unread, err := f.each(w.Write)
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return orNil(unread)
}

// table prints a table, and a second one of what the endpoint refused.
func (f *found) table() error {
	a := f.app
	var results []intake.Result
	times := momentColumn{head: "TIME", byDay: a.width() > 0}
	unread, err := f.each(func(r *intake.Result) error {
		times.add(r.Time)
		results = append(results, *r)
		return nil
	})
	if err != nil {
		return err
	}
	t := table{columns: []column{{head: times.name()}, {head: "LATE", optional: true}, {head: "AGENT"}, {head: "CHECK"}, {head: "TYPE", drop: 3},
		{head: stateHead, drop: 1}, {head: "RESULT"}}}
	if f.filter.AgentID != "" {
		t.columns[2].drop = 2
	}
	for i := range results {
		r := &results[i]
		t.cells(term.Cell{Text: times.text(r.Time)}, term.Cell{Text: lateness(r)}, term.Cell{Text: r.AgentID}, term.Cell{Text: r.CheckID},
			term.Cell{Text: r.CheckType}, shownState(r), term.Cell{})
	}
	width := a.width()
	t.summaries(width, leastSummary, func(i, width int, state bool) string { return said(&results[i], f.filter.Metric, width, state) })
	text := t.text(width, leastSummary, a.color())
	if len(f.refusals) > 0 {
		if len(results) > 0 {
			text = append(text, '\n')
		} else {
			text = nil
		}
		text = append(text, refusalsTable(f.refusals, width, a.color())...)
	}
	if len(results) == 0 && len(f.refusals) == 0 && unread == nil {
		fmt.Fprintln(a.err, "virgo-endpoint: no such results are stored")
	}
	if err := a.print(text); err != nil {
		return err
	}
	return orNil(unread)
}

// refusalsTable lists what the endpoint refused.
func refusalsTable(list []intake.Refusal, width int, color bool) []byte {
	times := momentColumn{head: "ARRIVED"}
	for i := range list {
		times.add(list[i].Received)
	}
	t := table{columns: []column{{head: times.name()}, {head: "AGENT"}, {head: "RESULT ID", drop: 1}, {head: "WHY"}}}
	for i := range list {
		r := &list[i]
		t.row(times.text(r.Received), r.AgentID, r.ID, fmt.Sprintf("error %d: %s", r.Code, r.Message))
	}
	var b bytes.Buffer
	b.WriteString("Refused by this endpoint, and stored nowhere here:\n")
	b.Write(t.text(width, leastSummary, color))
	return b.Bytes()
}

// lateness is a late result's age as a table shows it; a dash for one that is not late.
func lateness(r *intake.Result) string {
	switch {
	case !r.Late:
		return "-"
	case r.AgeMS == nil:
		return "late"
	}
	return span(*r.AgeMS)
}
