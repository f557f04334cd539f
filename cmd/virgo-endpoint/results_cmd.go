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

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/schedule/shorttext"
)

type resultsCmd struct {
	Agent   string `placeholder:"ID" help:"Only results of this agent."`
	Check   string `placeholder:"ID" help:"Only results of this check."`
	Since   string `placeholder:"T" help:"Only results since T (RFC 3339, or an age such as 90s, 1h, 7d)."`
	Late    *bool  `negatable:"" help:"Only results that were sent late (--late), or only the others (--no-late), for example for alerts."`
	Refused *bool  `negatable:"" help:"Only results of checks that the host's owner does not allow (--refused), or only the others (--no-refused)."`
	Limit   int    `default:"50" help:"Maximum number of results, the newest ones; 0 means all. Default: ${default}."`
}

func (resultsCmd) Help() string {
	return "Prints the oldest results first, by the time when the check finished. The command can be used while a server runs. " +
		"The column LATE is printed if there are late results: results that were older than their check's period when they were sent, " +
		"for example because there was no connection. It is their age at that time. Late results should not raise alerts. " +
		"The state \"refused\" is that of a check which the host's owner does not allow: it did not run, nothing is wrong with the host, and it should not raise alerts."
}

// A resultEntry is a result in a document.
type resultEntry struct {
	Seq       int64   `json:"seq"`
	AgentID   string  `json:"agent_id"`
	ResultID  *string `json:"result_id"`
	CheckID   string  `json:"check_id"`
	CheckType string  `json:"check_type"`
	State     string  `json:"state"`
	Refused   bool    `json:"refused"`
	Status    string  `json:"status"`
	Timestamp int64   `json:"timestamp_ms"`
	Received  int64   `json:"received_ms"`
	// Order, AgeMS and ClockOffsetMS are null where the agent sent none.
	Order         *uint64         `json:"order"`
	Late          bool            `json:"late"`
	AgeMS         *int64          `json:"age_ms"`
	ClockOffsetMS *int64          `json:"clock_offset_ms"`
	Params        json.RawMessage `json:"params"`
}

func (c *resultsCmd) Run(a *app) error {
	filter := intake.Filter{AgentID: c.Agent, CheckID: c.Check, Late: c.Late, Refused: c.Refused, Limit: c.Limit}
	if c.Limit < 0 {
		return &failure{code: exitUsage, err: fmt.Errorf("--limit %d is negative", c.Limit), hint: "0 means all"}
	}
	if c.Since != "" {
		var err error
		if filter.Since, err = since(c.Since, a.now()); err != nil {
			return &failure{code: exitUsage, err: err,
				hint: "for example --since 1h, or --since 2006-01-02T15:04:05Z"}
		}
	}
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	if a.JSON {
		return a.explain(a.resultsJSON(st, filter))
	}
	return a.explain(a.resultsTable(st, filter))
}

// resultsJSON prints one document, one result a line, as they are read.
func (a *app) resultsJSON(history intake.History, filter intake.Filter) error {
	w := bufio.NewWriter(a.out)
	fmt.Fprintf(w, `{"schema_version":%d,"results":[`, schemaVersion)
	separator := "\n"
	err := history.Results(a.ctx, filter, func(r intake.Result) error {
		e := resultEntry{
			Seq: r.Seq, AgentID: r.AgentID, CheckID: r.CheckID, CheckType: r.CheckType, State: r.State, Refused: r.Refused, Status: r.Status,
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
	unread, err := unreadOf(err)
	if err != nil {
		return err
	}
	w.WriteString("\n]")
	if unread != nil {
		fmt.Fprintf(w, `,"unread":%d`, unread.Results)
	}
	w.WriteString("}\n")
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return orNil(unread)
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

func (a *app) resultsTable(history intake.History, filter intake.Filter) error {
	const lateColumn = 1
	rows := [][]string{{"TIME", "LATE", "AGENT", "CHECK", "TYPE", "STATE", "METRICS", "STATUS"}}
	anyLate := false
	err := history.Results(a.ctx, filter, func(r intake.Result) error {
		anyLate = anyLate || r.Late
		rows = append(rows, []string{
			moment(r.Time), lateness(r), r.AgentID, r.CheckID, r.CheckType, shownState(r), firstMetrics(r.Params), r.Status,
		})
		return nil
	})
	unread, err := unreadOf(err)
	if err != nil {
		return err
	}
	if len(rows) == 1 && unread == nil {
		fmt.Fprintln(a.err, "virgo-endpoint: no such results are stored")
	}
	var t table
	for _, row := range rows {
		if !anyLate {
			row = slices.Delete(row, lateColumn, lateColumn+1)
		}
		t.row(row...)
	}
	if err := a.print(t.text()); err != nil {
		return err
	}
	return orNil(unread)
}

// shownState is a result's state as a table shows it.
func shownState(r intake.Result) string {
	if r.Refused {
		return "refused"
	}
	return r.State
}

// lateness is a late result's age as a table shows it; a dash for one that is not late.
func lateness(r intake.Result) string {
	switch {
	case !r.Late:
		return "-"
	case r.AgeMS == nil:
		return "late"
	}
	return span(*r.AgeMS)
}

// firstMetrics are the first metrics of a result as a table shows them, and how many more there are.
func firstMetrics(params json.RawMessage) string {
	const shown, longest = 2, 41
	metrics, err := intake.Metrics(params)
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
		b.WriteString(shorttext.Shorten(one, longest))
	}
	return b.String()
}

// errSince is returned when --since is neither an age nor a time.
var errSince = errors.New("neither an age nor a time")

// since reads an age (90s, 1h, 7d) or a time (RFC 3339).
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
