package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/run"
	"virgo/cmd/internal/term"
	"virgo/schedule"
	"virgo/schedule/policy"
	"virgo/schedule/yaml"
	"virgo/spool"
)

type scheduleCmd struct {
	Show  scheduleShowCmd  `cmd:"" help:"Show the schedule with each check's last and next run."`
	Check scheduleCheckCmd `cmd:"" help:"List all mistakes in the checks, or in files."`
	Fetch scheduleFetchCmd `cmd:"" help:"Fetch the schedule from the endpoint now."`
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
	// Fault is why the check cannot run.
	Fault string `json:"fault,omitempty"`
	// Allowed is set for a check of the endpoint: whether the owner's rules let it run. Rule is the rule
	// that decided, Refusal why it does not run.
	Allowed *bool  `json:"allowed,omitempty"`
	Rule    string `json:"rule,omitempty"`
	Refusal string `json:"refusal,omitempty"`
}

func (scheduleShowCmd) Run(a *app) error {
	ag, _, err := a.OpenAgentToRead()
	if err != nil {
		return err
	}
	var st run.State
	var checks []checkDocument
	var sch schedule.Schedule
	var from string
	now := a.Now()
	err = ag.Spool.View(a.Context, func(tx *spool.Tx) error {
		st = run.ReadState(tx)
		var problems []schedule.Problem
		var err error
		sch, problems, err = ag.Scheduled(st.State)
		if err != nil {
			return err
		}
		a.printProblems(problems)
		from = scheduleLine(st, sch, now)
		for _, c := range sch.Checks {
			d := checkDocument{
				ID: c.ID, Type: c.Type, Label: c.Label, Disabled: c.Disabled, Fault: c.Fault,
				PeriodS: int64(c.Period / time.Second), TimeoutS: int64(c.Timeout / time.Second),
			}
			d.setVerdict(c, ag.Policy)
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
	t.Cells(head("CHECK"), head("TYPE"), head("PERIOD"), head("LAST RUN"), head("NEXT RUN"), head("STATE"))
	for _, c := range checks {
		next := "disabled"
		if !c.Disabled {
			next = until(now, c.NextMS)
		}
		state := term.Cell{Text: "ok", Color: term.Good}
		switch {
		case c.Fault != "":
			state = term.Cell{Text: "cannot run", Color: term.Bad}
		case c.Allowed != nil && *c.Allowed:
			state.Text = "allowed: " + c.Rule
		case c.Allowed != nil:
			state = term.Cell{Text: "refused: " + strings.TrimPrefix(c.Refusal, policy.Refused+": "), Color: term.Bad}
		}
		t.Cells(term.Cell{Text: c.ID}, term.Cell{Text: c.Type},
			term.Cell{Text: term.Age(time.Duration(c.PeriodS) * time.Second)},
			term.Cell{Text: ago(now, c.LastMS)}, term.Cell{Text: next}, state)
	}
	if err := t.Write(a.Out, a.Color()); err != nil {
		return err
	}
	fmt.Fprintln(a.Out, from)
	if slices.ContainsFunc(checks, func(c checkDocument) bool { return c.Allowed != nil && !*c.Allowed }) {
		fmt.Fprintln(a.Out, "refused by remote in virgo.yaml; virgo policy explain CHECK says why, virgo policy suggest what would allow it")
	}
	if slices.ContainsFunc(sentChecks(sch), hasPlainPassword(ag)) {
		fmt.Fprintln(a.Out, "the endpoint's schedule has a password in it; a secret of this host's own is safer: virgo help policy")
	}
	return nil
}

// setVerdict notes what the owner's rules say about a check of the endpoint.
func (d *checkDocument) setVerdict(c schedule.Check, p *policy.Policy) {
	if !c.FromEndpoint || c.Fault != "" {
		return
	}
	allowed := c.MayRun()
	d.Allowed, d.Refusal = &allowed, c.Refusal
	if at := c.AllowedBy - 1; allowed && at < len(p.Checks) {
		d.Rule = p.Checks[at].String()
	}
}

// sentChecks returns the endpoint's checks.
func sentChecks(s schedule.Schedule) (sent []schedule.Check) {
	for _, c := range s.Checks {
		if c.FromEndpoint {
			sent = append(sent, c)
		}
	}
	return sent
}

// hasPlainPassword reports whether a check has a password, and not the name of one.
func hasPlainPassword(ag *run.Agent) func(schedule.Check) bool {
	return func(c schedule.Check) bool {
		d, _ := ag.Definition(c.Type)
		return slices.ContainsFunc(d.Details, func(one schedule.Detail) bool {
			text, _ := c.Details.Text(one.Name)
			return one.Role == schedule.Secret && text != "" && !strings.HasPrefix(text, "secret:")
		})
	}
}

// printProblems prints the mistakes in a schedule.
func (a *app) printProblems(problems []schedule.Problem) {
	for _, p := range problems {
		a.Notice("%s", problemLine(p))
	}
}

// problemLine describes a mistake, which may be in a file that has its own way to say where.
func problemLine(p schedule.Problem) string {
	text := p.Err.Error()
	var inFile *yaml.Error
	if errors.As(p.Err, &inFile) {
		if text = inFile.Position(); inFile.Help != "" {
			text += "; " + inFile.Help
		}
	}
	switch {
	case p.CheckID == "":
		return text
	case errors.Is(p.Err, schedule.ErrOverridden):
		return fmt.Sprintf("check %q of the endpoint is left out: %s", p.CheckID, text)
	}
	return fmt.Sprintf("check %q cannot run: %s", p.CheckID, text)
}

func source(st run.State) string {
	if st.HasCached {
		return "endpoint"
	}
	return "local"
}

func fetchedMS(st run.State) int64 {
	if !st.HasCached {
		return 0
	}
	return st.Cached.Fetched.UnixMilli()
}

// scheduleLine describes the source and age of the schedule.
func scheduleLine(st run.State, sch schedule.Schedule, now time.Time) string {
	builtin := func(c schedule.Check) bool { return c.File == "" && c.ID != schedule.FaultsID }
	switch {
	case !st.HasCached && slices.ContainsFunc(sch.Checks, builtin):
		return "the built-in schedule; none from an endpoint yet"
	case !st.HasCached:
		return "checks of this host's own; no schedule from an endpoint yet"
	}
	line := "schedule from the endpoint, " + ago(now, st.Cached.Fetched.UnixMilli())
	if st.Cached.Changed {
		line += ", marked as changed since"
	}
	return line
}

// ago formats a time in the past; 0 is never.
func ago(now time.Time, ms int64) string {
	if ms == 0 {
		return "never"
	}
	return term.Age(now.Sub(time.UnixMilli(ms)).Round(time.Second)) + " ago"
}

// until formats a time in the future.
func until(now time.Time, ms int64) string {
	d := time.UnixMilli(ms).Sub(now)
	if d <= 0 {
		return "now"
	}
	return "in " + term.Age(d.Round(time.Second))
}

type scheduleFetchCmd struct{}

func (scheduleFetchCmd) Run(a *app) error {
	ag, cfg, err := a.OpenAgent()
	if err != nil {
		return err
	}
	if err := agent.CheckEndpoint(ag); err != nil {
		return err
	}
	ctx, cancel := a.Deadline(cfg.Deadline)
	defer cancel()
	problems, err := link.FetchSchedule(ctx, &ag.Config)
	if err != nil {
		return err
	}
	a.printProblems(problems)
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
	_, err = fmt.Fprintln(a.Out, term.Count(len(st.Cached.Schedule.Checks), "check", "checks"))
	return err
}
