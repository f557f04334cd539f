package main

import (
	"fmt"
	"time"

	"virgo/cmd/virgo/internal/agent"
	"virgo/cmd/virgo/internal/term"
	"virgo/spool"
)

type spoolCmd struct {
	Status        spoolStatusCmd        `cmd:"" help:"Show how much waits, how old it is, what was refused or dropped."`
	List          spoolListCmd          `cmd:"" help:"List the results that wait."`
	Retry         spoolRetryCmd         `cmd:"" help:"Let refused results wait again."`
	Export        spoolExportCmd        `cmd:"" help:"Write what waits into a sealed file that can be carried."`
	ImportReceipt spoolImportReceiptCmd `cmd:"" help:"Clear what an endpoint has signed for."`
	Drop          spoolDropCmd          `cmd:"" help:"Delete results that wait or were refused."`
}

type spoolDocument struct {
	Results       uint64 `json:"results"`
	Bytes         int64  `json:"bytes"`
	MaxBytes      int64  `json:"max_bytes"`
	MaxAgeS       int64  `json:"max_age_s"`
	FileBytes     int64  `json:"file_bytes"`
	OldestMS      int64  `json:"oldest_ms,omitempty"`
	NewestMS      int64  `json:"newest_ms,omitempty"`
	Rejected      uint64 `json:"rejected"`
	RejectedBytes int64  `json:"rejected_bytes"`
	// Dropped is what was ever lost, Unreported what of it no endpoint has acknowledged to know of.
	Dropped      []dropDocument `json:"dropped"`
	Unreported   []dropDocument `json:"unreported"`
	BytesPerHour float64        `json:"bytes_per_hour"`
	// OutageHours is how long the endpoint may be away before something is dropped; null where the rate
	// is not known yet.
	OutageHours *float64 `json:"outage_hours"`
}

type dropDocument struct {
	Cause   string `json:"cause"`
	Results uint64 `json:"results"`
	Bytes   int64  `json:"bytes"`
	FirstMS int64  `json:"first_ms"`
	LastMS  int64  `json:"last_ms"`
}

func newSpoolDocument(st spool.Stats) spoolDocument {
	doc := spoolDocument{
		Results: st.Records, Bytes: st.Bytes, MaxBytes: st.MaxBytes, MaxAgeS: int64(st.MaxAge / time.Second), FileBytes: st.FileBytes,
		Rejected: st.Rejected, RejectedBytes: st.RejectedBytes, Dropped: newDropDocuments(st.Ever), Unreported: newDropDocuments(st.Dropped), BytesPerHour: perHour(st.Inflow),
	}
	if st.Records > 0 {
		doc.OldestMS, doc.NewestMS = st.Oldest.UnixMilli(), st.Newest.UnixMilli()
	}
	if h, ok := outageHours(st); ok {
		doc.OutageHours = &h
	}
	return doc
}

func newDropDocuments(drops []spool.Drop) []dropDocument {
	docs := make([]dropDocument, len(drops))
	for i, d := range drops {
		docs[i] = dropDocument{string(d.Cause), d.Records, d.Bytes, 0, 0}
		if !d.First.IsZero() {
			docs[i].FirstMS, docs[i].LastMS = d.First.UnixMilli(), d.Last.UnixMilli()
		}
	}
	return docs
}

// perHour is the rate at which bytes were appended lately; 0 where it is not known.
func perHour(in spool.Inflow) float64 {
	if in.Over < time.Minute {
		return 0
	}
	return float64(in.Bytes) / in.Over.Hours()
}

// outageHours is how long the bounds hold out from now at the rate of the last day: until the bytes are
// used up or the age is reached, whichever is first.
func outageHours(st spool.Stats) (float64, bool) {
	rate := perHour(st.Inflow)
	if rate <= 0 {
		return 0, false
	}
	hours := float64(max(0, st.MaxBytes-st.Bytes)) / rate
	return min(hours, st.MaxAge.Hours()), true
}

func roomLine(st spool.Stats) string {
	h, ok := outageHours(st)
	if !ok {
		return "not known before a few runs"
	}
	return fmt.Sprintf("%s of outage at today's rate (%s an hour)", term.Age(time.Duration(h*float64(time.Hour)).Round(time.Minute)), term.Bytes(perHour(st.Inflow)))
}

type spoolStatusCmd struct{}

func (spoolStatusCmd) Run(a *app) error {
	ag, _, err := a.agent()
	if err != nil {
		return err
	}
	stats, err := ag.Spool.Stats(a.ctx)
	if err != nil {
		return err
	}
	exports, err := ag.Exports(a.ctx)
	if err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(struct {
			document
			spoolDocument
			Exports []exportEntry `json:"exports"`
		}{document{schemaVersion}, newSpoolDocument(stats), newExportEntries(exports)})
	}
	now := a.now()
	var t term.Table
	t.Row("waiting", spoolLine(stats))
	if stats.Records > 0 {
		t.Row("oldest", ago(now, stats.Oldest.UnixMilli()))
		t.Row("newest", ago(now, stats.Newest.UnixMilli()))
	}
	if len(exports) > 0 {
		t.Row("exported", exportsLine(exports, now))
	}
	t.Row("file", term.Bytes(float64(stats.FileBytes)))
	t.Row("bounds", fmt.Sprintf("%s, %s", term.Bytes(float64(stats.MaxBytes)), term.Age(stats.MaxAge)))
	t.Row("room for", roomLine(stats))
	t.Row("refused", fmt.Sprintf("%d results, %s", stats.Rejected, term.Bytes(float64(stats.RejectedBytes))))
	for _, d := range stats.Ever {
		line := fmt.Sprintf("%d results, %s, by %s", d.Records, term.Bytes(float64(d.Bytes)), d.Cause)
		if !d.First.IsZero() {
			line += fmt.Sprintf(", made %s to %s", stamp(d.First), stamp(d.Last))
		}
		t.Row("dropped", line)
	}
	if len(stats.Ever) == 0 {
		t.Row("dropped", "nothing, ever")
	}
	if untold := agent.LossSentence(stats.Dropped); untold != "" {
		t.Row("to report", untold)
	}
	return t.Write(a.out, a.color())
}

func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
