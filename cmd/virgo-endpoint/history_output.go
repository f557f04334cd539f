package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"golang.org/x/term"

	ownterm "virgo/cmd/internal/term"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/plot"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/schedule/shorttext"
)

// A pointReader calls a function for each point.
type pointReader func(fn func(intake.Point) error) error

// A pointEntry is a point in a document.
type pointEntry struct {
	Timestamp int64 `json:"timestamp_ms"`
	// SpanMS is 0 for the point of one result.
	SpanMS int64         `json:"span_ms"`
	Min    *intake.Value `json:"min,omitempty"`
	Max    *intake.Value `json:"max,omitempty"`
	Mean   *float64      `json:"mean,omitempty"`
	Text   *string       `json:"text,omitempty"`
	Count  int64         `json:"count"`
	Late   bool          `json:"late"`
	Gap    bool          `json:"gap"`
}

func pointOf(p *intake.Point, text bool) pointEntry {
	e := pointEntry{Timestamp: p.Time.UnixMilli(), SpanMS: p.Span.Milliseconds(), Count: p.Count, Late: p.Late, Gap: p.Gap}
	if text {
		e.Text = &p.Text
	} else {
		e.Min, e.Max, e.Mean = &p.Min, &p.Max, &p.Mean
	}
	return e
}

// historyJSON prints one document, one point a line, as they are read.
func (a *app) historyJSON(s *intake.Series, q intake.SeriesQuery, points pointReader) error {
	w := bufio.NewWriter(a.out)
	head, err := json.Marshal(seriesOf(s))
	if err != nil {
		return fmt.Errorf("printing JSON: %w", err)
	}
	agent, err := json.Marshal(q.AgentID)
	if err != nil {
		return fmt.Errorf("printing JSON: %w", err)
	}
	fmt.Fprintf(w, `{"schema_version":%d,"agent_id":%s,"series":%s,"from_ms":%d,"to_ms":%d,"points":[`, schemaVersion, agent, head,
		q.From.UnixMilli(), q.To.UnixMilli())
	separator := "\n"
	err = points(func(p intake.Point) error {
		line, err := json.Marshal(pointOf(&p, s.Text()))
		if err != nil {
			return fmt.Errorf("printing JSON: %w", err)
		}
		w.WriteString(separator)
		separator = ",\n"
		_, err = w.Write(line)
		return err
	})
	if err != nil {
		return err
	}
	w.WriteString("\n]}\n")
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return nil
}

// historyCSV prints the points as CSV (RFC 4180).
func (a *app) historyCSV(s *intake.Series, points pointReader) error {
	w := csv.NewWriter(a.out)
	head := []string{"time", "span_s", "min", "mean", "max", "count", "late", "gap"}
	if s.Text() {
		head = []string{"time", "span_s", "text", "count", "late"}
	}
	w.Write(head)
	err := points(func(p intake.Point) error {
		row := []string{p.Time.UTC().Format("2006-01-02T15:04:05.000Z"), strconv.FormatFloat(p.Span.Seconds(), 'f', -1, 64)}
		count, late := strconv.FormatInt(p.Count, 10), strconv.FormatBool(p.Late)
		if s.Text() {
			return w.Write(append(row, report.NoFormula(p.Text), count, late))
		}
		return w.Write(append(row, p.Min.String(), meanText(&p), p.Max.String(), count, late, strconv.FormatBool(p.Gap)))
	})
	if err != nil {
		return err
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return nil
}

// meanText is a mean, with all digits where it is that of one value.
func meanText(p *intake.Point) string {
	if p.Min == p.Max {
		return p.Min.String()
	}
	return strconv.FormatFloat(p.Mean, 'g', 7, 64)
}

// historyTexts prints the changes of a text.
func (a *app) historyTexts(points pointReader) error {
	var list []intake.Point
	first, last := momentColumn{head: "FROM"}, momentColumn{head: "TO"}
	err := points(func(p intake.Point) error {
		first.add(p.Time)
		last.add(p.Time.Add(p.Span))
		list = append(list, p)
		return nil
	})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return a.nothingThere()
	}
	t := table{columns: []column{{head: first.name()}, {head: last.name()}, {head: "RESULTS", right: true, drop: 1}, {head: "TEXT"}}}
	for _, p := range list {
		t.row(first.text(p.Time), last.text(p.Time.Add(p.Span)), strconv.FormatInt(p.Count, 10), strconv.Quote(shorttext.Shorten(p.Text, 200)))
	}
	return a.printTable(&t)
}

func (a *app) nothingThere() error {
	fmt.Fprintln(a.err, "virgo-endpoint: no values are stored of that time")
	return nil
}

// historyPlot draws the points.
func (a *app) historyPlot(s *intake.Series, q intake.SeriesQuery, rate bool, points pointReader) error {
	unit, typ := s.Unit, "double"
	if rate {
		unit += "/s"
	}
	chart := plot.Chart{From: q.From.Local(), To: q.To.Local(), Binary: s.Unit == "bytes"}
	chart.Width, chart.Height = plotSize(a.out)
	chart.Label = func(v float64) string { return amount(typ, v, s.Unit, rate) }
	var all intake.Point
	var latest intake.Point
	late := int64(0)
	err := points(func(p intake.Point) error {
		at := p.Time.Add(p.Span / 2)
		chart.Points = append(chart.Points, plot.Point{Time: at, Low: p.Min.Float(), High: p.Max.Float(), Value: p.Mean, Gap: p.Gap})
		if all.Count == 0 {
			all.Min, all.Max = p.Min, p.Max
		}
		if p.Min.Compare(all.Min) < 0 {
			all.Min = p.Min
		}
		if p.Max.Compare(all.Max) > 0 {
			all.Max = p.Max
		}
		all.Count += p.Count
		all.Mean += (p.Mean - all.Mean) * float64(p.Count) / float64(all.Count)
		if p.Late {
			late++
		}
		latest = p
		return nil
	})
	if err != nil {
		return err
	}
	if all.Count == 0 {
		return a.nothingThere()
	}
	title := s.CheckID + " " + s.Metric
	if s.Dimension != "" {
		title += " " + s.Dimension
	}
	if unit != "" {
		title += " (" + unit + ")"
	}
	text := shorttext.Sanitize(q.AgentID+"  "+title) + "\n" + chart.Draw() +
		fmt.Sprintf("%s to %s %s", q.From.Local().Format("2006-01-02 15:04"), q.To.Local().Format("2006-01-02 15:04"), zoneOf(q.To.Local())) +
		", " + resolution(latest.Span) + "\n" +
		fmt.Sprintf("min %s  mean %s  max %s  last %s  %s", amount(typ, all.Min.Float(), s.Unit, rate), amount(typ, all.Mean, s.Unit, rate),
			amount(typ, all.Max.Float(), s.Unit, rate), amount(typ, latest.Mean, s.Unit, rate), ownterm.Count(all.Count, "result", "results"))
	if late > 0 {
		text += fmt.Sprintf("  %d late", late)
	}
	return a.print([]byte(text + "\n"))
}

// resolution says what a point is for.
func resolution(span time.Duration) string {
	switch span {
	case 0:
		return "each result"
	case intake.FiveMinutes:
		return "five minutes a point"
	case intake.Hourly:
		return "an hour a point"
	}
	return "a day a point"
}

// amount is a value with its unit.
func amount(typ string, v float64, unit string, rate bool) string {
	text := shorttext.Sanitize(ownterm.Value(typ, strconv.FormatFloat(v, 'f', -1, 64), unit))
	if rate {
		text += "/s"
	}
	return text
}

// The size of a plot that is not for a terminal, and the lines beside the drawing.
const (
	plainWidth, plainHeight = 80, 16
	otherLines              = 6
)

// plotSize returns the width of a line and the height of the drawing.
func plotSize(out io.Writer) (width, height int) {
	f, ok := out.(interface{ Fd() uintptr })
	if !ok {
		return plainWidth, plainHeight
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return plainWidth, plainHeight
	}
	return width, min(max(height-otherLines, plot.MinHeight), plainHeight+4)
}
