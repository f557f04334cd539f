package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo/internal/agent"
	"virgo/cmd/virgo/internal/term"
	"virgo/collect"
)

type runDocument struct {
	document
	StartedMS int64            `json:"started_ms"`
	TookMS    int64            `json:"took_ms"`
	Results   []resultDocument `json:"results"`
	Kept      int              `json:"kept"`
	Dropped   int              `json:"dropped"`
	Lost      int              `json:"lost"`
	Delivery  deliveryDocument `json:"delivery"`
}

type resultDocument struct {
	CheckID   string           `json:"check_id"`
	CheckType string           `json:"check_type"`
	State     string           `json:"state"`
	Status    string           `json:"status"`
	TimeMS    int64            `json:"timestamp_ms"`
	TookMS    float64          `json:"took_ms"`
	Metrics   []metricDocument `json:"metrics"`
}

type metricDocument struct {
	Dimension string `json:"dimension,omitempty"`
	Name      string `json:"name"`
	Type      string `json:"type"`
	Value     string `json:"value"`
	Unit      string `json:"unit,omitempty"`
}

type deliveryDocument struct {
	Tried     bool   `json:"tried"`
	Busy      bool   `json:"busy"`
	Endpoint  string `json:"endpoint,omitempty"`
	Delivered int    `json:"delivered"`
	Refused   int    `json:"refused"`
	// Kept are results that a flush left where they are, being older than its --max-age.
	Kept   int    `json:"kept,omitempty"`
	TookMS int64  `json:"took_ms"`
	Error  string `json:"error,omitempty"`
}

func newDeliveryDocument(d agent.Delivery) deliveryDocument {
	doc := deliveryDocument{d.Tried, d.Busy, d.Endpoint, d.Delivered, d.Refused, d.Passed, d.Took.Milliseconds(), ""}
	if d.Err != nil {
		doc.Error = oneLine(d.Err.Error())
	}
	return doc
}

func newResultDocument(o collect.Outcome) resultDocument {
	r := o.Result
	doc := resultDocument{
		CheckID: r.CheckID, CheckType: r.CheckType, State: string(r.State), Status: r.Status,
		TimeMS: r.Time.UnixMilli(), TookMS: float64(o.Took.Microseconds()) / 1000,
		Metrics: make([]metricDocument, len(r.Metrics)),
	}
	for i, m := range r.Metrics {
		doc.Metrics[i] = metricDocument{m.Dimension, m.Name, string(m.Type), m.Value, m.Unit}
	}
	return doc
}

// showRun prints what a run saw and did.
func (a *app) showRun(ag *agent.Agent, rep agent.Report) error {
	slices.SortFunc(rep.Outcomes, func(x, y collect.Outcome) int { return strings.Compare(x.Result.CheckID, y.Result.CheckID) })
	if a.JSON {
		doc := runDocument{
			document: document{schemaVersion}, StartedMS: rep.Started.UnixMilli(), TookMS: rep.Took.Milliseconds(),
			Results: make([]resultDocument, len(rep.Outcomes)), Kept: rep.Kept, Dropped: rep.Dropped, Lost: rep.Lost,
			Delivery: newDeliveryDocument(rep.Delivery),
		}
		for i, o := range rep.Outcomes {
			doc.Results[i] = newResultDocument(o)
		}
		return a.printJSON(doc)
	}
	if len(rep.Outcomes) > 0 {
		if err := a.resultTable(ag.Registry, rep.Outcomes); err != nil {
			return err
		}
	}
	fmt.Fprintln(a.out, runSummary(ag, rep))
	return nil
}

func (a *app) resultTable(reg *collect.Registry, outcomes []collect.Outcome) error {
	var t term.Table
	t.Right(4)
	head := func(s string) term.Cell { return term.Cell{Text: s, Color: term.Head} }
	t.Cells(head("CHECK"), head("STATE"), head("STATUS"), head("METRICS"), head("TOOK"))
	for _, o := range outcomes {
		color := term.Good
		if o.Result.State != collect.Available {
			color = term.Bad
		}
		t.Cells(
			term.Cell{Text: o.Result.CheckID},
			term.Cell{Text: string(o.Result.State), Color: color},
			term.Cell{Text: shorten(o.Result.Status, 48)},
			term.Cell{Text: telling(reg, o.Result)},
			term.Cell{Text: term.Age(o.Took), Color: term.Faint},
		)
	}
	return t.Write(a.out, a.color())
}

// mostTelling is how many figures a row of the table has room for.
const mostTelling = 3

// telling picks the few metrics that tell a person most. Where a check reports several objects, these are
// the objects that have most of its first figure.
func telling(reg *collect.Registry, r collect.Result) string {
	typ, _ := reg.Lookup(r.CheckType)
	names := typ.Telling
	if len(names) == 0 {
		for _, m := range r.Metrics {
			names = append(names, m.Name)
		}
	}
	var found []collect.Metric
	for _, name := range names {
		for _, m := range r.Metrics {
			if m.Name == name {
				found = append(found, m)
			}
		}
	}
	if len(found) > mostTelling && found[0].Dimension != "" {
		found = greatest(found)
	}
	var parts []string
	for _, m := range found[:min(mostTelling, len(found))] {
		label := m.Name
		if m.Dimension != "" {
			label = m.Dimension + " " + m.Name
		}
		parts = append(parts, label+" "+term.Value(m))
	}
	if more := len(found) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("+%d", more))
	}
	return strings.Join(parts, ", ")
}

// greatest gives the first figure that is a number, of every object, the greatest first.
func greatest(metrics []collect.Metric) []collect.Metric {
	number := func(m collect.Metric) float64 {
		n, _ := strconv.ParseFloat(m.Value, 64)
		return n
	}
	i := slices.IndexFunc(metrics, func(m collect.Metric) bool { return m.Type != collect.String && m.Type != collect.Bool })
	if i < 0 {
		return metrics
	}
	name := metrics[i].Name
	same := slices.DeleteFunc(slices.Clone(metrics), func(m collect.Metric) bool { return m.Name != name })
	slices.SortStableFunc(same, func(a, b collect.Metric) int { return cmp.Compare(number(b), number(a)) })
	return same
}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func runSummary(ag *agent.Agent, rep agent.Report) string {
	took := term.Age(rep.Took.Round(time.Millisecond))
	d := rep.Delivery
	switch {
	case rep.Due == 0 && !d.Tried && len(ag.Endpoints) == 0:
		return "nothing is due yet"
	case d.Busy:
		return fmt.Sprintf("%d results kept in %s; another run is delivering", rep.Kept, took)
	case d.Tried && d.Err != nil:
		return fmt.Sprintf("%d results in %s, %d delivered: %s", rep.Due, took, d.Delivered, oneLine(d.Err.Error()))
	case d.Tried:
		s := fmt.Sprintf("%d results in %s, %d delivered to %s", rep.Due, took, d.Delivered, d.Endpoint)
		if d.Refused > 0 {
			s += fmt.Sprintf(", %d refused (virgo spool list --rejected)", d.Refused)
		}
		return s
	default:
		return fmt.Sprintf("%d results kept in %s", rep.Kept, took)
	}
}
