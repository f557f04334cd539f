package main

import (
	"fmt"
	"time"

	"virgo/cmd/virgo/internal/agent"
	"virgo/cmd/virgo/internal/term"
	"virgo/schedule"
	"virgo/spool"
)

type scheduleCmd struct {
	Show  scheduleShowCmd  `cmd:"" help:"Show the schedule, each check's last and next run."`
	Fetch scheduleFetchCmd `cmd:"" help:"Ask the endpoint for the schedule now."`
}

type scheduleShowCmd struct{}

type checkDocument struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Label    string `json:"label,omitempty"`
	PeriodS  int64  `json:"period_s"`
	TimeoutS int64  `json:"timeout_s"`
	Disabled bool   `json:"disabled"`
	LastMS   int64  `json:"last_ms,omitempty"`
	NextMS   int64  `json:"next_ms,omitempty"`
}

func (scheduleShowCmd) Run(a *app) error {
	ag, _, err := a.agent()
	if err != nil {
		return err
	}
	var st agent.State
	var checks []checkDocument
	now := a.now()
	err = ag.Spool.View(a.ctx, func(tx *spool.Tx) error {
		st = agent.ReadState(tx)
		sch, problems, err := ag.Scheduled(st)
		if err != nil {
			return err
		}
		for _, p := range problems {
			a.notice("check %q is left out: %v", p.CheckID, p.Err)
		}
		for _, c := range sch.Checks {
			d := checkDocument{
				ID: c.ID, Type: c.Type, Label: c.Label, Disabled: c.Disabled,
				PeriodS: int64(c.Period / time.Second), TimeoutS: int64(c.Timeout / time.Second),
			}
			last := schedule.ReadLast(tx, c.ID)
			if !last.Ran.IsZero() {
				d.LastMS = last.Ran.UnixMilli()
			}
			if !c.Disabled {
				d.NextMS = schedule.Next(ag.ID, c, last, now).UnixMilli()
			}
			checks = append(checks, d)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(struct {
			document
			Source    string          `json:"source"`
			FetchedMS int64           `json:"fetched_ms,omitempty"`
			Hash      string          `json:"hash,omitempty"`
			Checks    []checkDocument `json:"checks"`
		}{document{schemaVersion}, source(st), fetchedMS(st), st.Cached.Hash, checks})
	}
	var t term.Table
	head := func(s string) term.Cell { return term.Cell{Text: s, Color: term.Head} }
	t.Cells(head("CHECK"), head("TYPE"), head("PERIOD"), head("LAST RUN"), head("NEXT RUN"))
	for _, c := range checks {
		next := "disabled"
		if !c.Disabled {
			next = until(now, c.NextMS)
		}
		t.Row(c.ID, c.Type, term.Age(time.Duration(c.PeriodS)*time.Second), ago(now, c.LastMS), next)
	}
	if err := t.Write(a.out, a.color()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, scheduleLine(st, now))
	return err
}

func source(st agent.State) string {
	if st.HasCached {
		return "endpoint"
	}
	return "local"
}

func fetchedMS(st agent.State) int64 {
	if !st.HasCached {
		return 0
	}
	return st.Cached.Fetched.UnixMilli()
}

// scheduleLine says where the schedule comes from and how old it is.
func scheduleLine(st agent.State, now time.Time) string {
	if !st.HasCached {
		return "no schedule from an endpoint yet: local checks, or the built-in ones"
	}
	line := "schedule from the endpoint, " + ago(now, st.Cached.Fetched.UnixMilli())
	if st.Cached.Changed {
		line += ", marked as changed since"
	}
	return line
}

// ago shows a moment in the past; 0 is never.
func ago(now time.Time, ms int64) string {
	if ms == 0 {
		return "never"
	}
	return term.Age(now.Sub(time.UnixMilli(ms)).Round(time.Second)) + " ago"
}

// until shows a moment that is to come.
func until(now time.Time, ms int64) string {
	d := time.UnixMilli(ms).Sub(now)
	if d <= 0 {
		return "now"
	}
	return "in " + term.Age(d.Round(time.Second))
}

type scheduleFetchCmd struct{}

func (scheduleFetchCmd) Run(a *app) error {
	ag, cfg, err := a.agent()
	if err != nil {
		return err
	}
	if len(ag.Endpoints) == 0 {
		return errNoEndpoint
	}
	ctx, cancel := a.deadline(cfg.Deadline)
	defer cancel()
	problems, err := ag.FetchSchedule(ctx)
	if err != nil {
		return err
	}
	for _, p := range problems {
		a.notice("check %q is left out: %v", p.CheckID, p.Err)
	}
	st, err := ag.State(ctx)
	if err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(struct {
			document
			Checks    int    `json:"checks"`
			LeftOut   int    `json:"left_out"`
			FetchedMS int64  `json:"fetched_ms"`
			Hash      string `json:"hash,omitempty"`
		}{document{schemaVersion}, len(st.Cached.Schedule.Checks), len(problems), fetchedMS(st), st.Cached.Hash})
	}
	_, err = fmt.Fprintf(a.out, "%d checks\n", len(st.Cached.Schedule.Checks))
	return err
}
