package main

import (
	"fmt"
	"time"

	"virgo/cmd/internal/airgap"
	"virgo/cmd/internal/run"
	"virgo/cmd/internal/term"
	"virgo/spool"
)

type spoolCmd struct {
	Status        spoolStatusCmd        `cmd:"" help:"Show the size and age of the spool, and what was refused or dropped."`
	List          spoolListCmd          `cmd:"" help:"List the waiting results."`
	Retry         spoolRetryCmd         `cmd:"" help:"Queue refused results again."`
	Export        spoolExportCmd        `cmd:"" help:"Write the waiting results to a bundle that another host can deliver."`
	ImportReceipt spoolImportReceiptCmd `cmd:"" help:"Delete the results that an endpoint's receipt confirms."`
	Drop          spoolDropCmd          `cmd:"" help:"Delete waiting or refused results."`
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
	// Dropped is all that was ever lost, Unreported the part that no endpoint has acknowledged.
	Dropped      []dropDocument `json:"dropped"`
	Unreported   []dropDocument `json:"unreported"`
	BytesPerHour float64        `json:"bytes_per_hour"`
	// OutageHours is how long an outage may last before results are dropped; null if the rate is
	// not known yet.
	OutageHours *float64 `json:"outage_hours"`
}

type dropDocument struct {
	Cause string `json:"cause"`
	// Results and Bytes are null where they are not known.
	Results *uint64 `json:"results"`
	Bytes   *int64  `json:"bytes"`
	FirstMS int64   `json:"first_ms"`
	LastMS  int64   `json:"last_ms"`
}

func newSpoolDocument(st spool.Stats) spoolDocument {
	doc := spoolDocument{
		Results: st.Records, Bytes: st.Bytes, MaxBytes: st.MaxBytes, MaxAgeS: int64(st.MaxAge / time.Second),
		FileBytes: st.FileBytes, Rejected: st.Rejected, RejectedBytes: st.RejectedBytes,
		Dropped: newDropDocuments(st.Ever), Unreported: newDropDocuments(st.Dropped), BytesPerHour: perHour(st.Inflow),
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
		docs[i].Cause = string(d.Cause)
		if d.Cause != spool.CauseUnknown {
			docs[i].Results, docs[i].Bytes = &d.Records, &d.Bytes
		}
		if !d.First.IsZero() {
			docs[i].FirstMS, docs[i].LastMS = d.First.UnixMilli(), d.Last.UnixMilli()
		}
	}
	return docs
}

// perHour returns the bytes that were appended per hour lately; 0 if the rate is not known.
func perHour(in spool.Inflow) float64 {
	if in.Over < time.Minute {
		return 0
	}
	return float64(in.Bytes) / in.Over.Hours()
}

// outageHours returns how long an outage may last from now, at the rate of the last day, until the
// spool reaches its bound of bytes or of age.
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
		return "not known yet"
	}
	outage := time.Duration(h * float64(time.Hour)).Round(time.Minute)
	return fmt.Sprintf("%s of outage at today's rate (%s an hour)", term.Age(outage), term.Bytes(perHour(st.Inflow)))
}

type spoolStatusCmd struct{}

func (spoolStatusCmd) Run(a *app) error {
	ag, _, err := a.OpenAgentToRead()
	if err != nil {
		return err
	}
	stats, err := ag.Spool.Stats(a.Context)
	if err != nil {
		return err
	}
	exports, err := airgap.Exports(a.Context, ag.Spool)
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
	now := a.Now()
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
	t.Row("refused", fmt.Sprintf("%s, %s", term.Count(stats.Rejected, "result", "results"), term.Bytes(float64(stats.RejectedBytes))))
	for _, d := range stats.Ever {
		line := run.LossOf(d)
		if d.Bytes > 0 {
			line += ", " + term.Bytes(float64(d.Bytes))
		}
		if !d.First.IsZero() {
			line += fmt.Sprintf(", made %s to %s", stamp(d.First), stamp(d.Last))
		}
		t.Row("dropped", line)
	}
	if len(stats.Ever) == 0 {
		t.Row("dropped", "nothing")
	}
	if untold := run.LossSentence(stats.Dropped); untold != "" {
		t.Row("to report", untold)
	}
	return t.Write(a.Out, a.Color())
}

func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
