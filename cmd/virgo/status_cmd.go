package main

import (
	"fmt"
	"strings"
	"time"

	"virgo/cmd/virgo/internal/agent"
	"virgo/cmd/virgo/internal/config"
	"virgo/cmd/virgo/internal/term"
	"virgo/spool"
)

type statusCmd struct{}

type statusDocument struct {
	document
	AgentID   string   `json:"agent_id"`
	Config    string   `json:"config,omitempty"`
	State     string   `json:"state"`
	Endpoints []string `json:"endpoints"`
	// Proxy without its user and password; empty where there is none.
	Proxy    string          `json:"proxy,omitempty"`
	Run      *agent.RunState `json:"last_run,omitempty"`
	Delivery linkDocument    `json:"delivery"`
	Spool    spoolDocument   `json:"spool"`
	Schedule scheduleStatus  `json:"schedule"`
}

type linkDocument struct {
	LastMS         int64  `json:"last_ms,omitempty"`
	TookMS         int64  `json:"took_ms,omitempty"`
	Endpoint       string `json:"endpoint,omitempty"`
	Resumed        bool   `json:"tls_resumed"`
	OffsetMS       *int64 `json:"clock_offset_ms,omitempty"`
	FailingSinceMS int64  `json:"failing_since_ms,omitempty"`
	Error          string `json:"error,omitempty"`
	// The hold that keeps runs from trying, where there is one.
	HeldSinceMS int64        `json:"held_since_ms,omitempty"`
	HeldUntilMS int64        `json:"held_until_ms,omitempty"`
	HeldFor     agent.Reason `json:"held_for,omitempty"`
}

func newLinkDocument(l agent.LinkState) linkDocument {
	return linkDocument{
		l.LastMS, l.TookMS, l.Endpoint, l.Resumed, l.OffsetMS, l.FailingSinceMS, l.Error,
		l.Hold.SinceMS, l.Hold.UntilMS, l.Hold.Reason,
	}
}

type scheduleStatus struct {
	Source    string `json:"source"`
	Checks    int    `json:"checks"`
	FetchedMS int64  `json:"fetched_ms,omitempty"`
}

func (statusCmd) Run(a *app) error {
	ag, cfg, err := a.agent()
	if err != nil {
		return err
	}
	st, err := ag.State(a.ctx)
	if err != nil {
		return err
	}
	stats, err := ag.Spool.Stats(a.ctx)
	if err != nil {
		return err
	}
	sch, _, err := ag.Scheduled(st)
	if err != nil {
		return &agent.ConfigError{Err: err}
	}
	now := a.now()
	if a.JSON {
		doc := statusDocument{
			document: document{schemaVersion}, AgentID: ag.ID, Config: cfg.Source, State: a.paths().State,
			Endpoints: append([]string{}, ag.Endpoints...), Proxy: cfg.Proxy.String(),
			Delivery: newLinkDocument(st.Link),
			Spool:    newSpoolDocument(stats),
			Schedule: scheduleStatus{source(st), len(sch.Checks), fetchedMS(st)},
		}
		if st.Run.StartedMS != 0 {
			doc.Run = &st.Run
		}
		return a.printJSON(doc)
	}
	source := cfg.Source
	if source == "" {
		source = "none, all by default"
	}
	var t term.Table
	t.Row("agent", ag.ID)
	t.Row("configuration", source)
	t.Row("state", a.paths().State)
	t.Row("endpoint", endpointLine(ag.Endpoints))
	if proxy := cfg.Proxy.String(); proxy != "" {
		t.Row("proxy", proxyLine(cfg))
	}
	t.Row("schedule", fmt.Sprintf("%d checks; %s", len(sch.Checks), scheduleLine(st, now)))
	t.Row("last run", runLine(st.Run, now))
	t.Cells(term.Cell{Text: "delivery"}, deliveryCell(st.Link, now))
	if st.Link.Hold.UntilMS != 0 {
		t.Row("next try", holdLine(ag.Held(st), st.Link.Hold))
	}
	t.Row("spool", spoolLine(stats))
	t.Row("room for", roomLine(stats))
	t.Row("lost", lostLine(stats))
	if untold := agent.LossSentence(stats.Dropped); untold != "" && len(ag.Endpoints) > 0 {
		t.Row("to report", untold)
	}
	return t.Write(a.out, a.color())
}

func endpointLine(endpoints []string) string {
	if len(endpoints) == 0 {
		return "none: results are only kept"
	}
	return strings.Join(endpoints, ", ")
}

// proxyLine shows the proxy, where it was named if not in virgo's own settings, and what is reached without.
func proxyLine(cfg config.Config) string {
	line := cfg.Proxy.String()
	if cfg.Proxy.From != "" {
		line += " (" + cfg.Proxy.From + ")"
	}
	if len(cfg.NoProxy) > 0 && cfg.Proxy.URL() != "" {
		line += ", but not for " + strings.Join(cfg.NoProxy, ", ")
	}
	return line
}

func runLine(r agent.RunState, now time.Time) string {
	if r.StartedMS == 0 {
		return "never"
	}
	s := fmt.Sprintf("%s: %d checks in %s", ago(now, r.StartedMS), r.Checks, term.Age(time.Duration(r.TookMS)*time.Millisecond))
	if r.Unavailable > 0 {
		s += fmt.Sprintf(", %d unavailable", r.Unavailable)
	}
	if r.PeakBytes > 0 {
		s += ", peak memory " + term.Bytes(float64(r.PeakBytes))
	}
	return s
}

func deliveryCell(l agent.LinkState, now time.Time) term.Cell {
	switch {
	case l.FailingSinceMS != 0:
		return term.Cell{Text: fmt.Sprintf("failing for %s: %s", term.Age(now.Sub(time.UnixMilli(l.FailingSinceMS)).Round(time.Second)), l.Error), Color: term.Bad}
	case l.LastMS == 0:
		return term.Cell{Text: "never"}
	default:
		s := fmt.Sprintf("%s to %s in %s", ago(now, l.LastMS), l.Endpoint, term.Age(time.Duration(l.TookMS)*time.Millisecond))
		if l.Resumed {
			s += ", TLS resumed"
		}
		if l.OffsetMS != nil {
			s += fmt.Sprintf(", its clock is %+d ms from this one", *l.OffsetMS)
		}
		return term.Cell{Text: s, Color: term.Good}
	}
}

// holdLine says when the endpoint is tried again after it sent this agent away.
func holdLine(held *agent.HeldError, h agent.Hold) string {
	if held == nil {
		return fmt.Sprintf("with the next run (it was put off because %v)", h.Reason)
	}
	return fmt.Sprintf("%s or later: %v; virgo flush tries at once", stamp(held.Until), held.Reason)
}

func spoolLine(st spool.Stats) string {
	if st.Records == 0 && st.Rejected == 0 {
		return "empty"
	}
	s := fmt.Sprintf("%d results wait, %s of %s", st.Records, term.Bytes(float64(st.Bytes)), term.Bytes(float64(st.MaxBytes)))
	if st.Rejected > 0 {
		s += fmt.Sprintf(", %d refused", st.Rejected)
	}
	return s
}

func lostLine(st spool.Stats) string {
	var parts []string
	for _, d := range st.Ever {
		parts = append(parts, fmt.Sprintf("%d by %s", d.Records, d.Cause))
	}
	if len(parts) == 0 {
		return "nothing, ever"
	}
	return strings.Join(parts, ", ")
}
