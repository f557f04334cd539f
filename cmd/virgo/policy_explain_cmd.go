package main

import (
	"errors"
	"fmt"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/schedule"
	"virgo/schedule/policy"
	"virgo/schedule/shorttext"
)

type policyExplainCmd struct {
	Check   string   `arg:"" help:"Id of a check in the endpoint's schedule, or a type of checks."`
	Details []string `arg:"" optional:"" name:"detail" help:"Details of a check of that type, as for virgo check: KEY=VALUE."`
}

// Help returns the text below the summary in the help.
func (policyExplainCmd) Help() string {
	return "Shows the check as the rules see it (defaults filled in, paths cleaned, hosts without case), how each rule for its " +
		"type compares with it, and what decides. The check need not exist: virgo policy explain agent.file target=/etc/shadow."
}

type explainDocument struct {
	document
	Check   string            `json:"check"`
	Type    string            `json:"type"`
	Allowed bool              `json:"allowed"`
	Refusal string            `json:"refusal,omitempty"`
	Rule    string            `json:"rule,omitempty"`
	Line    int               `json:"line,omitempty"`
	Details []explainedDetail `json:"details"`
	Rules   []explainedRule   `json:"rules"`
	// Needs are what a script declares, with the details of the check; absent for other checks.
	Needs []needDocument `json:"needs,omitempty"`
	// ScriptError is why the script cannot be loaded.
	ScriptError string `json:"script_error,omitempty"`
}

type explainedDetail struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Default means that no rule has to name it, Free that none has to whatever it is.
	Default bool `json:"default,omitempty"`
	Free    bool `json:"free,omitempty"`
}

type explainedRule struct {
	Rule   string `json:"rule"`
	Line   int    `json:"line,omitempty"`
	Fits   bool   `json:"fits"`
	Detail string `json:"detail,omitempty"`
}

func (c *policyExplainCmd) Run(a *app) error {
	j, err := a.judgedSchedule()
	if err != nil {
		return err
	}
	k, err := c.find(a, j)
	if err != nil {
		return err
	}
	e := j.effective(&k)
	if e == nil {
		return agent.WithHint(fmt.Errorf("check %q cannot run, so no rule is asked: %s", k.ID, k.Fault), "virgo schedule check")
	}
	v := j.policy.Decide(e)
	doc := explainDocument{
		document: document{schemaVersion}, Check: k.ID, Type: k.Type, Allowed: v.Allowed,
		Details: []explainedDetail{}, Rules: []explainedRule{},
	}
	if v.Refusal != nil {
		doc.Refusal = v.Refusal.Error()
	}
	if v.Rule >= 0 {
		doc.Rule, doc.Line = j.policy.Checks[v.Rule].String(), j.policy.Checks[v.Rule].Row
	}
	for _, r := range e.Readings() {
		doc.Details = append(doc.Details, explainedDetail{r.Name, r.Value, !r.Given, r.Free})
	}
	trials := j.policy.Trials(e)
	for _, t := range trials {
		r := &j.policy.Checks[t.Rule]
		doc.Rules = append(doc.Rules, explainedRule{r.String(), r.Row, t.Fits, t.Detail})
	}
	if isScript(&k) {
		if c, err := a.scriptCheck(&k); err != nil {
			doc.ScriptError = err.Error()
		} else {
			doc.Needs = needsOf(j.cfg.Grants(), c)
		}
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	return doc.print(a, j, trials, v)
}

// find returns a check of the endpoint's schedule, or one of the arguments.
func (c *policyExplainCmd) find(a *app, j judged) (schedule.Check, error) {
	var ids []string
	for _, k := range j.checks {
		if k.ID == c.Check && len(c.Details) == 0 {
			return k, nil
		}
		ids = append(ids, k.ID)
	}
	typ, ok := j.agent.Registry.Lookup(c.Check)
	if !ok {
		hint := "virgo schedule show lists the checks, virgo check --list the types"
		if near := shorttext.Nearest(c.Check, ids); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		} else if near := j.agent.Registry.Suggest(c.Check); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		return schedule.Check{}, agent.WithCode(agent.ExitUsage, agent.WithHint(
			fmt.Errorf("%q is neither a check of the endpoint's schedule nor a type of checks", c.Check), hint,
		))
	}
	typ, err := a.Declared(a.Context, typ)
	if err != nil {
		return schedule.Check{}, err
	}
	details, err := parseDetails(c.Details, typ)
	if err != nil {
		return schedule.Check{}, err
	}
	k := schedule.Check{ID: c.Check, Type: typ.Name, Details: details, Period: schedule.DefaultPeriod, Timeout: schedule.DefaultTimeout}
	if j.agent.Validate(&k); k.Fault != "" {
		return k, agent.WithCode(agent.ExitUsage, errors.New(k.Fault))
	}
	return k, nil
}

func (doc explainDocument) print(a *app, j judged, trials []policy.Trial, v policy.Verdict) error {
	var t term.Table
	t.Row("check", doc.Check)
	t.Row("type", doc.Type)
	for _, d := range doc.Details {
		note := ""
		switch {
		case d.Free:
			note = " (needs no rule)"
		case d.Default:
			note = " (the default)"
		}
		t.Row("  "+d.Name, d.Value+note)
	}
	for i, trial := range trials {
		text := "does not fit"
		switch {
		case trial.Fits && j.policy.Checks[trial.Rule].Deny:
			text = "forbids it"
		case trial.Fits:
			text = "allows it"
		case trial.Detail != "":
			text = "does not allow this " + trial.Detail
		}
		name := ""
		if i == 0 {
			name = "rules"
		}
		t.Row(name, j.ruleName(trial.Rule)+": "+text)
	}
	verdict := term.Cell{Text: "allowed by " + j.ruleName(v.Rule), Color: term.Good}
	if !v.Allowed {
		verdict = term.Cell{Text: strings.TrimPrefix(doc.Refusal, policy.Refused+": ") + " is refused; virgo policy suggest", Color: term.Bad}
	}
	t.Cells(term.Cell{Text: "verdict"}, verdict)
	needRows(&t, doc.Needs)
	if doc.ScriptError != "" {
		t.Cells(term.Cell{Text: "needs"}, term.Cell{Text: doc.ScriptError, Color: term.Bad})
	}
	return t.Write(a.Out, a.Color())
}
