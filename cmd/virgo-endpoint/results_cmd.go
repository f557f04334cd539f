package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/store"
)

type resultsCmd struct {
	Agent   string `placeholder:"ID" help:"Only results of this agent."`
	Check   string `placeholder:"ID" help:"Only results of this check."`
	Metric  string `placeholder:"NAME" help:"Only results with this metric; the table shows its values."`
	State   string `enum:"available,unavailable,," default:"" placeholder:"STATE" help:"Only results with this state: available or unavailable."`
	Since   string `placeholder:"T" help:"Only results since T: an age such as 90s, 1h, 7d, or a time such as 2026-03-01, '2026-03-01 15:04' (local) or 2026-03-01T15:04:05Z."`
	Until   string `placeholder:"T" help:"Only results from before T, likewise."`
	Latest  bool   `help:"Only the latest result of each check."`
	Late    *bool  `negatable:"" help:"Only results that were sent late (--late), or only the others (--no-late), for example for alerts."`
	Refused *bool  `negatable:"" help:"Only results of checks that the host's owner does not allow, and what this endpoint refused (--refused), or only the other results (--no-refused)."`
	Limit   *int   `placeholder:"N" help:"Maximum number of results, the newest ones; 0 means all. Default: 50; all with --latest and in the formats csv and influx."`
	Format  string `enum:"table,json,csv,influx" default:"table" help:"Form of the output: ${enum}. Default: ${default}."`
}

func (resultsCmd) Help() string {
	return "Prints the oldest results first, by the time when the check finished; with --latest by agent and check. The command can be used while a server runs. " +
		"RESULT is the status, if it says more than success, and as many metrics as fit. " +
		"The column LATE is printed if there are late results: results that were older than their check's period when they were sent, " +
		"for example because there was no connection. It is their age at that time. Late results should not raise alerts. " +
		"The state \"refused\" is that of a check which the host's owner does not allow: it did not run, nothing is wrong with the host, and it should not raise alerts. " +
		"With --refused a second list has what this endpoint refused because it could not be read or was not plausible: that is stored nowhere here " +
		"(`virgo spool list --rejected` on the host shows it). " +
		"--format csv has a line for each metric, with times in UTC; a text that a spreadsheet would compute gets an apostrophe before it. " +
		"--format influx is InfluxDB's line protocol. json, csv and influx are written while they are read, so they may be of any size."
}

// defaultLimit is the --limit of the formats for people.
const defaultLimit = 50

// The formats.
const (
	formatTable  = "table"
	formatJSON   = "json"
	formatCSV    = "csv"
	formatInflux = "influx"
)

func (c *resultsCmd) Run(a *app) error {
	filter, err := c.filter(a.now())
	if err != nil {
		return err
	}
	if a.JSON && c.Format == formatTable {
		c.Format = formatJSON
	}
	a.JSON = a.JSON || c.Format == formatJSON // errors too
	filter.Limit = c.limit()
	defer ownMemory(shortLived, slog.New(slog.DiscardHandler))() // garbage is collected less often
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	found := found{filter: filter, latest: c.Latest, store: st, app: a}
	if c.showsRefusals() {
		if found.refusals, err = refusals(a, st, filter); err != nil {
			return a.explain(err)
		}
	}
	switch c.Format {
	case formatJSON:
		err = found.json()
	case formatCSV:
		err = found.stream(report.NewCSV(a.out))
	case formatInflux:
		err = found.stream(report.NewInflux(a.out))
	default:
		err = found.table()
	}
	return a.explain(err)
}

// filter is what the flags select, but for the limit.
func (c *resultsCmd) filter(now time.Time) (intake.Filter, error) {
	f := intake.Filter{AgentID: c.Agent, CheckID: c.Check, Metric: c.Metric, State: c.State, Late: c.Late, Refused: c.Refused}
	if c.Limit != nil && *c.Limit < 0 {
		return f, &failure{exitUsage, fmt.Errorf("--limit %d is negative", *c.Limit), "0 means all"}
	}
	for _, t := range []struct {
		flag, text string
		into       *time.Time
	}{{"--since", c.Since, &f.Since}, {"--until", c.Until, &f.Until}} {
		if t.text == "" {
			continue
		}
		at, err := instant(t.text, now)
		if err != nil {
			return f, &failure{exitUsage, fmt.Errorf("%s %q: %w", t.flag, t.text, err),
				fmt.Sprintf("for example %s 1h, %[1]s 2026-03-01 or %[1]s 2026-03-01T15:04:05Z", t.flag)}
		}
		*t.into = at
	}
	if !f.Until.IsZero() && !f.Since.Before(f.Until) {
		return f, &failure{exitUsage, fmt.Errorf("--until %q is not after --since %q", c.Until, c.Since), ""}
	}
	return f, nil
}

func (c *resultsCmd) limit() int {
	switch {
	case c.Limit != nil:
		return *c.Limit
	case c.Latest, c.Format == formatCSV, c.Format == formatInflux:
		return 0
	}
	return defaultLimit
}

// showsRefusals reports whether what the endpoint refused is listed: nothing is known of its check.
func (c *resultsCmd) showsRefusals() bool {
	return c.Refused != nil && *c.Refused && c.Check == "" && c.Metric == "" && c.State == "" && c.Late == nil && !c.Latest &&
		(c.Format == formatTable || c.Format == formatJSON)
}

// refusals are the results that the endpoint refused, as far as a filter can select them.
func refusals(a *app, st *store.Store, f intake.Filter) ([]intake.Refusal, error) {
	limit := f.Limit
	if !f.Until.IsZero() {
		limit = 0 // the last ones may not be those
	}
	list, err := st.Refusals(a.ctx, f.AgentID, limit)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(r intake.Refusal) bool {
		return r.Received.Before(f.Since) || !f.Until.IsZero() && !r.Received.Before(f.Until)
	})
	if f.Limit > 0 {
		list = list[max(0, len(list)-f.Limit):]
	}
	return list, nil
}

// errInstant is returned for what is neither an age nor a time.
var errInstant = errors.New("neither an age nor a time")

// instant reads an age (90s, 1h, 7d) or a time (RFC 3339, or local without a zone).
func instant(text string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, form := range []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(form, text, time.Local); err == nil {
			return t, nil
		}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.AddDate(0, 0, -int(n)), nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return time.Time{}, errInstant
	}
	return now.Add(-d), nil
}
