package main

import (
	"slices"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/run"
	"virgo/collect"
)

type runDocument struct {
	document
	StartedMS int64            `json:"started_ms"`
	TookMS    int64            `json:"took_ms"`
	Results   []resultDocument `json:"results"`
	Kept      int              `json:"kept"`
	// Released are the checks that did not run to their end and are still due.
	Released int              `json:"released"`
	Dropped  int              `json:"dropped"`
	Damaged  int              `json:"damaged"`
	Lost     int              `json:"lost"`
	Delivery deliveryDocument `json:"delivery"`
	// Next is the check that is due next, where none was due.
	Next *nextDocument `json:"next,omitempty"`
}

type nextDocument struct {
	CheckID string `json:"check_id"`
	DueMS   int64  `json:"due_ms"`
}

type resultDocument struct {
	CheckID   string           `json:"check_id"`
	CheckType string           `json:"check_type"`
	State     string           `json:"state"`
	Status    string           `json:"status"`
	TimeMS    int64            `json:"timestamp_ms"`
	TookMS    float64          `json:"took_ms,omitempty"` // 0: not known
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
	// Kept are the results that flush left in the spool because they are older than --max-age.
	Kept   int    `json:"kept,omitempty"`
	TookMS int64  `json:"took_ms"`
	Error  string `json:"error,omitempty"`
}

func newDeliveryDocument(d run.Delivery) deliveryDocument {
	doc := deliveryDocument{d.Tried, d.Busy, d.Endpoint, d.Delivered, d.Refused, d.Passed, d.Took.Milliseconds(), ""}
	if d.Err != nil {
		doc.Error = agent.OneLine(d.Err.Error())
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

func newRunDocument(rep run.Report) runDocument {
	slices.SortFunc(rep.Outcomes, func(x, y collect.Outcome) int {
		return strings.Compare(x.Result.CheckID, y.Result.CheckID)
	})
	doc := runDocument{
		document: document{schemaVersion}, StartedMS: rep.Started.UnixMilli(), TookMS: rep.Took.Milliseconds(),
		Results: make([]resultDocument, len(rep.Outcomes)), Kept: rep.Kept, Released: rep.Released, Dropped: rep.Dropped, Damaged: rep.Damaged, Lost: rep.Lost,
		Delivery: newDeliveryDocument(rep.Delivery),
	}
	if rep.NextID != "" {
		doc.Next = &nextDocument{rep.NextID, rep.Next.UnixMilli()}
	}
	for i, o := range rep.Outcomes {
		doc.Results[i] = newResultDocument(o)
	}
	return doc
}
