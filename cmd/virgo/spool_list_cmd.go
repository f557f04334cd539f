package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/collect"
	"virgo/schedule/shorttext"
	"virgo/spool"
)

type spoolListCmd struct {
	Rejected bool `help:"List the refused results with code, reason and time."`
	Limit    int  `default:"100" help:"Print at most this many results; 0 prints all."`
}

type recordDocument struct {
	ID        string          `json:"id"`
	MadeMS    int64           `json:"made_ms"`
	RefusedMS int64           `json:"refused_ms,omitempty"`
	Code      int             `json:"code,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	Result    json.RawMessage `json:"result"`
}

// errLimit ends the listing at --limit.
var errLimit = errors.New("limit reached")

func (c *spoolListCmd) Run(a *app) error {
	if c.Limit < 0 {
		return agent.UsageError("--limit is a number from 0, not %d", c.Limit)
	}
	ag, _, err := a.OpenAgentToRead()
	if err != nil {
		return err
	}
	docs := []recordDocument{}
	more := false
	add := func(r spool.Record, why spool.Refusal) error {
		if c.Limit > 0 && len(docs) == c.Limit {
			more = true
			return errLimit
		}
		data := json.RawMessage(r.Data)
		if !json.Valid(data) {
			data, _ = json.Marshal(string(r.Data))
		}
		d := recordDocument{ID: r.ID, MadeMS: r.Made.UnixMilli(), Code: why.Code, Reason: why.Message, Result: data}
		if !why.Time.IsZero() {
			d.RefusedMS = why.Time.UnixMilli()
		}
		docs = append(docs, d)
		return nil
	}
	if c.Rejected {
		err = ag.Spool.ListRejected(a.Context, add)
	} else {
		err = ag.Spool.List(a.Context, func(r spool.Record) error { return add(r, spool.Refusal{}) })
	}
	if err != nil && !errors.Is(err, errLimit) {
		return err
	}
	if a.JSON {
		return a.printJSON(struct {
			document
			Results []recordDocument `json:"results"`
			More    bool             `json:"more"`
		}{document{schemaVersion}, docs, more})
	}
	var t term.Table
	if c.Rejected && len(docs) > 0 {
		t.Head("RESULT", "CHECK", "MADE", "REFUSED", "REASON")
	}
	now := a.Now()
	for _, d := range docs {
		t.Row(d.cells(now, c.Rejected)...)
	}
	if err := t.Write(a.Out, a.Color()); err != nil {
		return err
	}
	if more {
		fmt.Fprintf(a.Out, "… and more: --limit 0 lists all\n")
	}
	if c.Rejected && len(docs) > 0 {
		fmt.Fprintln(a.Out, "virgo spool retry ID… (or --all) queues them again; virgo spool drop ID… (or --rejected) deletes them")
	}
	return nil
}

// cells returns the row of a result; of a refused one with the reason in place of its state.
func (d *recordDocument) cells(now time.Time, rejected bool) []string {
	r, err := collect.ParseResult(d.Result)
	state, status := string(r.State), shorttext.Shorten(r.Status, 48)
	if err != nil {
		r.CheckID, state, status = "", "", "unreadable: "+err.Error()
	}
	if rejected {
		reason := fmt.Sprintf("refused with %d: %s", d.Code, shorttext.Shorten(d.Reason, 160))
		return []string{d.ID, r.CheckID, ago(now, d.MadeMS), ago(now, d.RefusedMS), reason}
	}
	return []string{d.ID, ago(now, d.MadeMS), r.CheckID, state, status}
}
