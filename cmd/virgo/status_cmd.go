package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/hostkey"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/run"
	"virgo/cmd/internal/term"
	"virgo/spool"
	"virgo/transport"
	"virgo/transport/agentkey"
)

type statusCmd struct {
	Check bool `help:"Exit with 1 if a check is unavailable or no run was made for 10 minutes, with 4 if the delivery fails."`
}

type statusDocument struct {
	document
	AgentID   string   `json:"agent_id"`
	Config    string   `json:"config,omitempty"`
	State     string   `json:"state"`
	Endpoints []string `json:"endpoints"`
	// Proxy has no user and password; empty if there is none.
	Proxy string `json:"proxy,omitempty"`
	// Key is the fingerprint of this host's key; empty if it has none. KeyConfirmed means that every
	// endpoint has it.
	Key          string         `json:"key,omitempty"`
	KeyConfirmed bool           `json:"key_confirmed"`
	Run          *run.LastRun   `json:"last_run,omitempty"`
	Delivery     linkDocument   `json:"delivery"`
	Spool        spoolDocument  `json:"spool"`
	Schedule     scheduleStatus `json:"schedule"`
	// Mistakes are those in the settings; UnknownVariables begin with VIRGO_ and have no effect.
	Mistakes         []string `json:"mistakes,omitempty"`
	UnknownVariables []string `json:"unknown_variables,omitempty"`
	// Unavailable are the checks whose latest result is unavailable.
	Unavailable []unavailableDocument `json:"unavailable"`
	// Bundle is that of checks in Lua, absent where there is none and none is looked for.
	Bundle *bundleStatus `json:"bundle,omitempty"`
	// Upgrade is absent where only a person upgrades.
	Upgrade *upgradeStatus `json:"upgrade,omitempty"`
}

type linkDocument struct {
	LastMS         int64  `json:"last_ms,omitempty"`
	TookMS         int64  `json:"took_ms,omitempty"`
	Endpoint       string `json:"endpoint,omitempty"`
	OffsetMS       *int64 `json:"clock_offset_ms,omitempty"`
	FailingSinceMS int64  `json:"failing_since_ms,omitempty"`
	Error          string `json:"error,omitempty"`
	// Until HeldUntilMS runs do not try to deliver.
	HeldSinceMS int64                   `json:"held_since_ms,omitempty"`
	HeldUntilMS int64                   `json:"held_until_ms,omitempty"`
	HeldFor     transport.BackoffReason `json:"held_for,omitempty"`
	// Behind counts the sessions whose number an endpoint had seen already.
	Behind   int64 `json:"sessions_behind,omitempty"`
	BehindMS int64 `json:"sessions_behind_ms,omitempty"`
}

func newLinkDocument(l link.Status) linkDocument {
	return linkDocument{
		l.LastMS, l.TookMS, l.Endpoint, l.OffsetMS, l.FailingSinceMS, l.Error,
		l.Backoff.SinceMS, l.Backoff.UntilMS, l.Backoff.Reason, l.Behind, l.BehindMS,
	}
}

type scheduleStatus struct {
	Source    string `json:"source"`
	Checks    int    `json:"checks"`
	FetchedMS int64  `json:"fetched_ms,omitempty"`
	// Mistakes are those of the owner and of the endpoint in the checks.
	Mistakes []string `json:"mistakes,omitempty"`
	// Refused is the number of the endpoint's checks that the owner's rules refuse; AllowsAll means
	// that they let the endpoint do everything.
	Refused   int  `json:"refused"`
	AllowsAll bool `json:"allows_all,omitempty"`
	// Ungranted is how many checks in Lua were refused something that the script needs.
	Ungranted int `json:"ungranted,omitempty"`
}

func (c *statusCmd) Run(a *app) error {
	ag, cfg, err := a.OpenAgentToRead()
	if err != nil {
		return err
	}
	st, err := ag.State(a.Context)
	if err != nil {
		return err
	}
	stats, err := ag.Spool.Stats(a.Context)
	if err != nil {
		return err
	}
	sch, problems, err := ag.Scheduled(st.State)
	if err != nil {
		return err
	}
	latest, err := ag.Latest(a.Context)
	if err != nil {
		return err
	}
	now := a.Now()
	found := newProblems(st, sch, latest, now)
	found.failing = found.failing || ag.Untrusted != nil
	bundle, upgrades := newBundleStatus(a, cfg, st.Bundle), newUpgradeStatus(a, cfg, st.Programs)
	var failure error // printed by what follows
	if c.Check {
		failure = found.exit()
	}
	if a.JSON {
		doc := statusDocument{
			document: document{schemaVersion}, AgentID: ag.ID, Config: cfg.Source, State: a.Paths().State,
			Endpoints: append([]string{}, ag.Endpoints...), Proxy: cfg.Proxy.String(),
			Delivery: newLinkDocument(st.Status),
			Spool:    newSpoolDocument(stats),
			Schedule: scheduleStatus{source(st), len(sch.Checks), fetchedMS(st), problemLines(problems), countRefused(sch), cfg.Policy().AllowsAll(), countUngranted(sch, latest)}, Unavailable: found.documents(),
			Mistakes: agent.MistakeLines(cfg), UnknownVariables: cfg.UnknownVariables(os.Environ()),
		}
		doc.Bundle, doc.Upgrade = bundle, upgrades
		if st.Run.StartedMS != 0 {
			doc.Run = &st.Run
		}
		if key, err := hostkey.Read(a.Paths().State); err == nil {
			doc.Key = agentkey.Fingerprint(key.Public().(ed25519.PublicKey))
			doc.KeyConfirmed = ag.AllConfirmed(st.Status, doc.Key)
		}
		return errors.Join(a.printJSON(doc), failure)
	}
	source := cfg.Source
	if source == "" {
		source = "none, all settings are the defaults"
	}
	var t term.Table
	t.Row("agent", ag.ID)
	t.Row("configuration", source)
	mistakeRows(&t, agent.MistakeLines(cfg))
	for _, name := range cfg.UnknownVariables(os.Environ()) {
		t.Row("environment", "no effect: "+name)
	}
	t.Row("state", a.Paths().State)
	t.Row("endpoint", endpointLine(ag.Endpoints))
	if proxy := cfg.Proxy.String(); proxy != "" {
		t.Row("proxy", proxyLine(cfg))
	}
	keyRows(&t, a, ag, cfg, st.Status)
	t.Row("schedule", fmt.Sprintf("%s; %s", term.Count(len(sch.Checks), "check", "checks"), scheduleLine(st, sch, now)))
	mistakeRows(&t, problemLines(problems))
	policyRows(&t, cfg, sch, latest)
	bundle.addTo(&t)
	upgrades.addTo(&t)
	t.Cells(term.Cell{Text: "last run"}, found.runCell(st.Run, now))
	found.addTo(&t, now)
	if ag.Untrusted != nil {
		t.Cells(term.Cell{Text: "delivery"}, term.Cell{Text: "none before the mistake in the configuration is corrected", Color: term.Bad})
	} else {
		t.Cells(term.Cell{Text: "delivery"}, deliveryCell(st.Status, now))
	}
	if st.Backoff.UntilMS != 0 {
		t.Row("next try", backoffLine(ag.Blocked(st.Status), st.Backoff))
	}
	t.Row("spool", spoolLine(stats))
	t.Row("room for", roomLine(stats))
	t.Row("lost", lostLine(stats))
	if untold := run.LossSentence(stats.Dropped); untold != "" && len(ag.Endpoints) > 0 {
		t.Row("to report", untold)
	}
	return errors.Join(t.Write(a.Out, a.Color()), failure)
}

func endpointLine(endpoints []string) string {
	if len(endpoints) == 0 {
		return "none: results stay on this host"
	}
	return strings.Join(endpoints, ", ")
}

// proxyLine formats the proxy, the common variable that set it, and the hosts that are reached
// without it.
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

func runLine(r run.LastRun, now time.Time) string {
	if r.StartedMS == 0 {
		return "never"
	}
	took := term.Age(time.Duration(r.TookMS) * time.Millisecond)
	s := fmt.Sprintf("%s: %s in %s", ago(now, r.StartedMS), term.Count(r.Checks, "check", "checks"), took)
	if r.Unavailable > 0 {
		s += fmt.Sprintf(", %d unavailable", r.Unavailable)
	}
	if r.PeakBytes > 0 {
		s += ", peak memory " + term.Bytes(float64(r.PeakBytes))
	}
	return s
}

func deliveryCell(l link.Status, now time.Time) term.Cell {
	switch {
	case l.FailingSinceMS != 0:
		since := now.Sub(time.UnixMilli(l.FailingSinceMS)).Round(time.Second)
		return term.Cell{Text: fmt.Sprintf("failing for %s: %s", term.Age(since), l.Error), Color: term.Bad}
	case l.LastMS == 0:
		return term.Cell{Text: "never"}
	default:
		s := fmt.Sprintf("%s to %s in %s", ago(now, l.LastMS), l.Endpoint, term.Age(time.Duration(l.TookMS)*time.Millisecond))
		if l.OffsetMS != nil {
			s += fmt.Sprintf(", its clock differs by %+d ms", *l.OffsetMS)
		}
		return term.Cell{Text: s, Color: term.Good}
	}
}

// backoffLine returns when the endpoint is tried again after a refusal.
func backoffLine(blocked *link.BackoffError, b transport.Backoff) string {
	if blocked == nil {
		return fmt.Sprintf("with the next run (the last refusal: %v)", b.Reason)
	}
	return fmt.Sprintf("%s or later: %v; virgo flush tries at once", stamp(blocked.Until), blocked.Reason)
}

func spoolLine(st spool.Stats) string {
	if st.Records == 0 && st.Rejected == 0 {
		return "empty"
	}
	s := fmt.Sprintf("%s, %s of %s", term.Count(st.Records, "result waits", "results wait"), term.Bytes(float64(st.Bytes)), term.Bytes(float64(st.MaxBytes)))
	if st.Rejected > 0 {
		s += fmt.Sprintf(", %d refused", st.Rejected)
	}
	return s
}

func lostLine(st spool.Stats) string {
	var parts []string
	for _, d := range st.Ever {
		parts = append(parts, run.LossOf(d))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
