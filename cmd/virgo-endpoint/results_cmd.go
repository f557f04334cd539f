package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/transport/endpoint"
)

type resultsCmd struct {
	Agent string `placeholder:"ID" help:"Only those of this agent."`
	Check string `placeholder:"ID" help:"Only those of this check."`
	Since string `placeholder:"T" help:"Only those made since T: a time ago (90s, 1h, 7d) or a time (RFC 3339)."`
	Late  *bool  `negatable:"" help:"Only those that were no news when they came (--late), or only those that were (--no-late): what raises alarms wants the latter."`
	Limit int    `default:"50" help:"Only the newest so many; 0 means all. Default: ${default}."`
}

func (resultsCmd) Help() string {
	return "Oldest first, by the time that the check finished. It can be used while a server runs. " +
		"LATE is there where some are: how old a result was that was sent past its check's period, for want of a connection. " +
		"It belongs into a graph and is no news."
}

// A resultEntry is a result in a document.
type resultEntry struct {
	Seq       int64   `json:"seq"`
	AgentID   string  `json:"agent_id"`
	ResultID  *string `json:"result_id"`
	CheckID   string  `json:"check_id"`
	CheckType string  `json:"check_type"`
	State     string  `json:"state"`
	Status    string  `json:"status"`
	Timestamp int64   `json:"timestamp_ms"`
	Received  int64   `json:"received_ms"`
	// Order, AgeMS and ClockOffsetMS are null where the agent did not say.
	Order         *uint64         `json:"order"`
	Late          bool            `json:"late"`
	AgeMS         *int64          `json:"age_ms"`
	ClockOffsetMS *int64          `json:"clock_offset_ms"`
	Params        json.RawMessage `json:"params"`
}

func (c *resultsCmd) Run(a *app) error {
	filter := endpoint.ResultFilter{AgentID: c.Agent, CheckID: c.Check, Late: c.Late, Limit: c.Limit}
	if c.Limit < 0 {
		return &failure{code: exitUsage, err: fmt.Errorf("--limit %d is negative", c.Limit), hint: "0 means all"}
	}
	if c.Since != "" {
		var err error
		if filter.Since, err = since(c.Since, a.now()); err != nil {
			return &failure{code: exitUsage, err: err, hint: "for example --since 1h, or --since 2006-01-02T15:04:05Z"}
		}
	}
	store, err := a.store()
	if err != nil {
		return err
	}
	defer store.Close()
	if a.JSON {
		return a.explain(a.resultsJSON(store, filter))
	}
	return a.explain(a.resultsTable(store, filter))
}

// resultsJSON prints one document, a result a line; it holds one result at a time.
func (a *app) resultsJSON(store *endpoint.Store, filter endpoint.ResultFilter) error {
	w := bufio.NewWriter(a.out)
	fmt.Fprintf(w, `{"schema_version":%d,"results":[`, schemaVersion)
	separator := "\n"
	err := store.Results(a.ctx, filter, func(r endpoint.Result) error {
		e := resultEntry{
			Seq: r.Seq, AgentID: r.AgentID, CheckID: r.CheckID, CheckType: r.CheckType, State: r.State, Status: r.Status,
			Timestamp: r.Time.UnixMilli(), Received: r.Received.UnixMilli(),
			Order: r.Order, Late: r.Late, AgeMS: r.AgeMS, ClockOffsetMS: r.ClockOffsetMS, Params: r.Params,
		}
		if r.ResultID != "" {
			e.ResultID = &r.ResultID
		}
		line, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("printing result %d: %w", r.Seq, err)
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

func (a *app) resultsTable(store *endpoint.Store, filter endpoint.ResultFilter) error {
	const lateColumn = 1
	rows := [][]string{{"TIME", "LATE", "AGENT", "CHECK", "TYPE", "STATE", "METRICS", "STATUS"}}
	late := false
	err := store.Results(a.ctx, filter, func(r endpoint.Result) error {
		late = late || r.Late
		rows = append(rows, []string{moment(r.Time), lateness(r), r.AgentID, r.CheckID, r.CheckType, r.State, figures(r.Params), r.Status})
		return nil
	})
	if err != nil {
		return err
	}
	if len(rows) == 1 {
		fmt.Fprintln(a.err, "virgo-endpoint: no such results are stored")
	}
	var t table
	for _, row := range rows {
		if !late {
			row = slices.Delete(row, lateColumn, lateColumn+1)
		}
		t.row(row...)
	}
	return a.print(t.text())
}

// lateness is a late result's age as a person reads it; a dash for news.
func lateness(r endpoint.Result) string {
	switch {
	case !r.Late:
		return "-"
	case r.AgeMS == nil:
		return "late"
	}
	return span(*r.AgeMS)
}

// figures are the first metrics of a result as a person reads them, and how many more there are.
func figures(params json.RawMessage) string {
	const shown, longest = 2, 40
	metrics, err := endpoint.Metrics(params)
	if err != nil || len(metrics) == 0 {
		return "-"
	}
	var b strings.Builder
	for i, m := range metrics {
		if i == shown {
			fmt.Fprintf(&b, " +%d", len(metrics)-shown)
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		one := m.Name + "=" + m.Value
		if m.Dimension != "" {
			one = m.Dimension + ":" + one
		}
		if r := []rune(one); len(r) > longest {
			one = string(r[:longest]) + "…"
		}
		b.WriteString(one)
	}
	return b.String()
}

// errSince is returned when --since is neither a time ago nor a time.
var errSince = errors.New("neither a time ago nor a time")

// since reads a time ago (90s, 1h, 7d) or a time (RFC 3339).
func since(text string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.AddDate(0, 0, -int(n)), nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return time.Time{}, fmt.Errorf("--since %q: %w", text, errSince)
	}
	return now.Add(-d), nil
}
