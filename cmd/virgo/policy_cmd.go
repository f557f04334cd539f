package main

import (
	"fmt"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/run"
	"virgo/cmd/internal/term"
	"virgo/schedule"
	"virgo/schedule/policy"
	"virgo/schedule/shorttext"
)

type policyCmd struct {
	Check   policyCheckCmd   `cmd:"" help:"Show the rules, and which checks of the endpoint each of them allows."`
	Suggest policySuggestCmd `cmd:"" help:"Print rules that would allow what is refused now."`
	Explain policyExplainCmd `cmd:"" help:"Say why one check is allowed or refused."`
}

// Help returns the text below the summary in the help.
func (policyCmd) Help() string {
	return "The rules are yours: they stand in virgo.yaml under remote, and say what the endpoint may make this host do. " +
		"Your own checks in checks.d are not limited by them. `virgo help policy` has the rules of six usual hosts."
}

// A judged policy is the owner's policy and what it says about the checks that the endpoint sent last.
type judged struct {
	cfg    config.Config
	agent  *run.Agent
	state  run.State
	policy *policy.Policy
	checks []schedule.Check
}

// judgedSchedule judges the endpoint's schedule with the configuration as it is now, and stores nothing.
func (a *app) judgedSchedule() (judged, error) {
	ag, cfg, err := a.OpenAgentToRead()
	if err != nil {
		return judged{}, err
	}
	st, err := ag.State(a.Context)
	if err != nil {
		return judged{}, err
	}
	j := judged{cfg: cfg, agent: ag, state: st, policy: cfg.Policy()}
	for _, k := range st.Cached.Schedule.Checks {
		j.policy.Judge(&k, ag.Definition)
		j.checks = append(j.checks, k)
	}
	return j, nil
}

// ownChecks returns the scheduled checks of the owner's own.
func (j judged) ownChecks() (checks []schedule.Check, err error) {
	sch, _, err := j.agent.Scheduled(j.state.State)
	if err != nil {
		return nil, err
	}
	for _, k := range sch.Checks {
		if !k.FromEndpoint {
			checks = append(checks, k)
		}
	}
	return checks, nil
}

// effective returns a check as the rules see it; nil if there is no such type, or the check is faulty.
func (j judged) effective(k *schedule.Check) *policy.Effective {
	d, ok := j.agent.Definition(k.Type)
	if !ok || k.Fault != "" {
		return nil
	}
	return policy.NewEffective(k, d)
}

// refused returns the checks that the policy refuses.
func (j judged) refused() (checks []schedule.Check) {
	for _, k := range j.checks {
		if k.Refusal != "" {
			checks = append(checks, k)
		}
	}
	return checks
}

// ruleName names a rule for people: its place in the file, if it has one.
func (j judged) ruleName(at int) string {
	if at < 0 || at >= len(j.policy.Checks) {
		return "no rule"
	}
	r := &j.policy.Checks[at]
	if r.Row == 0 {
		return "the default, " + r.String()
	}
	return fmt.Sprintf("line %d, %s", r.Row, r.String())
}

type policyCheckCmd struct{}

// Help returns the text below the summary in the help.
func (policyCheckCmd) Help() string {
	return "Exits with 2 if there is a mistake in remote or secrets; then everything that comes from the endpoint is refused. " +
		"After one in scripts, which exits with 2 as well, checks in Lua may use the kernel's figures only."
}

type policyDocument struct {
	document
	Questions []string `json:"questions"`
	HostInfo  []string `json:"host_info"`
	// HostInfoDeny are types that are never told.
	HostInfoDeny []string       `json:"host_info_deny,omitempty"`
	Rules        []ruleDocument `json:"rules"`
	Refused      []string       `json:"refused"`
	// Scripts are the grants of what checks in Lua may use.
	Scripts        []grantDocument `json:"scripts"`
	ScriptMistakes []string        `json:"script_mistakes,omitempty"`
	Mistakes       []string        `json:"mistakes,omitempty"`
}

type ruleDocument struct {
	Rule string `json:"rule"`
	// Line is where it stands in virgo.yaml; 0: it is the default.
	Line   int      `json:"line,omitempty"`
	Allows []string `json:"allows,omitempty"`
	Denies []string `json:"denies,omitempty"`
	// UnknownTypes are misspelled: no check is of them.
	UnknownTypes []string `json:"unknown_types,omitempty"`
}

func (policyCheckCmd) Run(a *app) error {
	j, err := a.judgedSchedule()
	if err != nil {
		return err
	}
	doc := j.document()
	if a.JSON {
		if err = a.printJSON(doc); err != nil {
			return err
		}
	} else if err = doc.print(a); err != nil {
		return err
	}
	if len(doc.Mistakes)+len(doc.ScriptMistakes) > 0 {
		return &agent.ExitError{Code: agent.ExitUsage}
	}
	return nil
}

// document collects what the policy says about each check.
func (j judged) document() policyDocument {
	doc := policyDocument{
		document: document{schemaVersion}, Questions: append([]string{}, j.policy.Questions...),
		HostInfo: append([]string{}, j.policy.HostInfo...), HostInfoDeny: j.policy.HostInfoDeny,
		Rules: []ruleDocument{}, Refused: []string{},
		Scripts: grantDocuments(j.cfg.Grants()), ScriptMistakes: grantMistakes(j.cfg),
	}
	for i := range j.policy.Checks {
		r := &j.policy.Checks[i]
		doc.Rules = append(doc.Rules, ruleDocument{Rule: r.String(), Line: r.Row, UnknownTypes: j.unknownTypes(r)})
	}
	for i := range j.checks {
		k := &j.checks[i]
		e := j.effective(k)
		if e == nil {
			continue
		}
		v := j.policy.Decide(e)
		if !v.Allowed {
			doc.Refused = append(doc.Refused, k.ID)
		}
		switch {
		case v.Rule < 0:
		case v.Allowed:
			doc.Rules[v.Rule].Allows = append(doc.Rules[v.Rule].Allows, k.ID)
		default:
			doc.Rules[v.Rule].Denies = append(doc.Rules[v.Rule].Denies, k.ID)
		}
	}
	for _, m := range j.cfg.Mistakes {
		if config.IsPolicy(m.Key) {
			doc.Mistakes = append(doc.Mistakes, m.Err.Error())
		}
	}
	return doc
}

// unknownTypes returns the names in a rule that no type of checks has. Such a rule is no mistake that
// refuses everything, because a later version may know the type.
func (j judged) unknownTypes(r *policy.Rule) (names []string) {
	for _, p := range r.Type {
		name := p.String()
		if _, ok := j.agent.Definition(name); !ok && name != "any" && !strings.ContainsAny(name, "*/") {
			names = append(names, name)
		}
	}
	return names
}

func (doc policyDocument) print(a *app) error {
	for _, text := range doc.Mistakes {
		a.Notice("%s: everything from the endpoint is refused", text)
	}
	for _, text := range doc.ScriptMistakes {
		a.Notice("%s: scripts may use the kernel's figures only", text)
	}
	for _, r := range doc.Rules {
		for _, name := range r.UnknownTypes {
			a.Notice("line %d: there is no check type %q; virgo check --list lists them", r.Line, name)
		}
	}
	var t term.Table
	head := func(s string) term.Cell { return term.Cell{Text: s, Color: term.Head} }
	t.Cells(head("LINE"), head("RULE"), head("CHECKS"))
	for _, r := range doc.Rules {
		line := "default"
		if r.Line > 0 {
			line = fmt.Sprint(r.Line)
		}
		effect := fmt.Sprintf("%d allowed", len(r.Allows))
		if len(r.Denies) > 0 {
			effect = fmt.Sprintf("%d denied", len(r.Denies))
		}
		t.Cells(term.Cell{Text: line}, term.Cell{Text: r.Rule}, term.Cell{Text: effect})
	}
	t.Cells(head("LINE"), head("SCRIPTS MAY USE"))
	grantRows(&t, doc.Scripts)
	if err := t.Write(a.Out, a.Color()); err != nil {
		return err
	}
	if len(doc.Refused) == 0 {
		_, err := fmt.Fprintln(a.Out, "nothing that the endpoint sent is refused")
		return err
	}
	_, err := fmt.Fprintf(a.Out, "refused: %s; virgo policy suggest prints rules that would allow %s\n",
		term.Count(len(doc.Refused), "check", "checks"), map[bool]string{true: "it", false: "them"}[len(doc.Refused) == 1])
	return err
}

// shownID returns a check's id for a comment of YAML.
func shownID(id string) string { return shorttext.Truncate(shorttext.Sanitize(id), 80) }
