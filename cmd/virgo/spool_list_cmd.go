package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"virgo/cmd/virgo/internal/term"
	"virgo/collect"
	"virgo/spool"
)

type spoolListCmd struct {
	Rejected bool `help:"List what the endpoint refused, with its reason."`
	Limit    int  `default:"100" help:"At most so many; 0 lists all."`
}

type recordDocument struct {
	ID     string          `json:"id"`
	MadeMS int64           `json:"made_ms"`
	Code   int             `json:"code,omitempty"`
	Reason string          `json:"reason,omitempty"`
	Result json.RawMessage `json:"result"`
}

// errEnough ends a listing that is long enough.
var errEnough = errors.New("enough")

func (c *spoolListCmd) Run(a *app) error {
	ag, _, err := a.agent()
	if err != nil {
		return err
	}
	docs := []recordDocument{}
	more := false
	add := func(r spool.Record, why spool.Refusal) error {
		if c.Limit > 0 && len(docs) == c.Limit {
			more = true
			return errEnough
		}
		data := json.RawMessage(r.Data)
		if !json.Valid(data) {
			data, _ = json.Marshal(string(r.Data))
		}
		docs = append(docs, recordDocument{r.ID, r.Made.UnixMilli(), why.Code, why.Message, data})
		return nil
	}
	if c.Rejected {
		err = ag.Spool.ListRejected(a.ctx, add)
	} else {
		err = ag.Spool.List(a.ctx, func(r spool.Record) error { return add(r, spool.Refusal{}) })
	}
	if err != nil && !errors.Is(err, errEnough) {
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
	now := a.now()
	for _, d := range docs {
		r, err := collect.ParseResult(d.Result)
		what := []string{d.ID, ago(now, d.MadeMS), r.CheckID, string(r.State), shorten(r.Status, 48)}
		if err != nil {
			what = []string{d.ID, ago(now, d.MadeMS), "", "", "unreadable: " + err.Error()}
		}
		if c.Rejected {
			what = append(what, fmt.Sprintf("refused with %d: %s", d.Code, shorten(d.Reason, 80)))
		}
		t.Row(what...)
	}
	if err := t.Write(a.out, a.color()); err != nil {
		return err
	}
	if more {
		fmt.Fprintf(a.out, "… and more: --limit 0 lists all\n")
	}
	if c.Rejected && len(docs) > 0 {
		fmt.Fprintln(a.out, "virgo spool retry ID… (or --all) lets them wait again; virgo spool drop ID… (or --rejected) deletes them")
	}
	return nil
}
