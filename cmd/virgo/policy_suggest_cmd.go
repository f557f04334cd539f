package main

import (
	"fmt"
	"slices"
	"strings"

	"virgo/schedule/policy"
)

type policySuggestCmd struct{}

// Help returns the text below the summary in the help.
func (policySuggestCmd) Help() string {
	return "Prints remote as it could stand in virgo.yaml: the rules that are there, and for each check of the endpoint that is " +
		"refused the narrowest rule that allows it. Read them before you paste them: whoever holds the endpoint can then use " +
		"what they allow. Passwords and the values of headers stand as any. Where scheduled checks in Lua, also those of checks.d, " +
		"declare what no grant covers, scripts follows with the narrowest grants."
}

type suggestDocument struct {
	document
	Rules []suggestedRule `json:"rules"`
	// Grants are those that scripts of scheduled checks lack.
	Grants []suggestedRule `json:"grants"`
	// Without are the checks that no rule can allow.
	Without []string `json:"without,omitempty"`
	// YAML is the text for virgo.yaml.
	YAML string `json:"yaml"`
}

type suggestedRule struct {
	Rule   string   `json:"rule"`
	Checks []string `json:"checks"`
}

func (policySuggestCmd) Run(a *app) error {
	j, err := a.judgedSchedule()
	if err != nil {
		return err
	}
	doc := suggestDocument{document: document{schemaVersion}, Rules: []suggestedRule{}, Grants: []suggestedRule{}}
	for _, k := range j.refused() {
		e := j.effective(&k)
		if e == nil {
			continue
		}
		rule, ok := policy.Suggest(e)
		text := rule.String()
		at := slices.IndexFunc(doc.Rules, func(r suggestedRule) bool { return r.Rule == text })
		switch {
		case !ok:
			doc.Without = append(doc.Without, k.ID)
		case at >= 0:
			doc.Rules[at].Checks = append(doc.Rules[at].Checks, k.ID)
		default:
			doc.Rules = append(doc.Rules, suggestedRule{Rule: text, Checks: []string{k.ID}})
		}
	}
	own, err := j.ownChecks()
	if err != nil {
		return err
	}
	var faults []string
	doc.Grants, faults = a.suggestGrants(j.cfg.Grants(), append(own, j.checks...))
	for _, fault := range faults {
		a.Notice("%s", fault)
	}
	doc.YAML = j.suggestion(doc)
	if a.JSON {
		return a.printJSON(doc)
	}
	if len(doc.Rules) == 0 && len(doc.Grants) == 0 {
		a.Notice("nothing of the endpoint's schedule is refused for which there could be a rule")
	}
	_, err = fmt.Fprint(a.Out, doc.YAML)
	return err
}

// suggestion returns the policy with the suggested rules, as YAML.
func (j judged) suggestion(doc suggestDocument) string {
	var b strings.Builder
	b.WriteString("remote:\n  checks:\n")
	for i := range j.policy.Checks {
		b.WriteString("    - " + j.policy.Checks[i].String() + "\n")
	}
	for _, r := range doc.Rules {
		b.WriteString("    # " + shownChecks(r.Checks) + "\n    - " + r.Rule + "\n")
	}
	if questions := j.policy.Questions; len(questions) > 0 {
		b.WriteString("  questions: [" + strings.Join(questions, ", ") + "]\n")
	} else {
		b.WriteString("  questions: none\n")
	}
	b.WriteString("  host_info: [" + strings.Join(j.policy.HostInfo, ", ") + "]\n")
	if deny := j.policy.HostInfoDeny; len(deny) > 0 {
		b.WriteString("  host_info_deny: [" + strings.Join(deny, ", ") + "]\n")
	}
	for _, id := range doc.Without {
		b.WriteString("# no rule can allow " + shownID(id) + ": virgo policy explain says why\n")
	}
	if len(doc.Grants) > 0 {
		writeGrants(&b, j.cfg.Grants(), doc.Grants)
	}
	return b.String()
}

// shownChecks names the first checks that a rule is for.
func shownChecks(ids []string) string {
	shown := make([]string, 0, 3)
	for _, id := range ids[:min(len(ids), cap(shown))] {
		shown = append(shown, shownID(id))
	}
	if more := len(ids) - len(shown); more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(shown, ", ")
}
