package main

import (
	"strings"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/term"
	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
)

// countRefused returns how many checks the owner's rules refuse.
func countRefused(s schedule.Schedule) (n int) {
	for _, c := range s.Checks {
		if c.Refusal != "" {
			n++
		}
	}
	return n
}

// countUngranted returns how many scheduled checks in Lua were refused something that the script needs.
func countUngranted(s schedule.Schedule, latest []collect.Result) (n int) {
	scheduled := make(map[string]bool, len(s.Checks))
	for i := range s.Checks {
		k := &s.Checks[i]
		scheduled[k.ID] = isScript(k) && !k.Disabled && k.Refusal == ""
	}
	for _, r := range latest {
		if scheduled[r.CheckID] && strings.HasPrefix(r.Status, policy.Refused) {
			n++
		}
	}
	return n
}

// policyRows says what is refused, and warns of an endpoint that may do everything.
func policyRows(t *term.Table, cfg config.Config, s schedule.Schedule, latest []collect.Result) {
	if n := countRefused(s); n > 0 {
		t.Row("refused", term.Count(n, "check", "checks")+" of the endpoint's, by remote in virgo.yaml: virgo policy check")
	}
	if n := countUngranted(s, latest); n > 0 {
		t.Cells(term.Cell{Text: "scripts"}, term.Cell{
			Text:  term.Count(n, "check", "checks") + " in Lua may not use what the script needs, by scripts in virgo.yaml: virgo policy suggest",
			Color: term.Bad,
		})
	}
	if len(cfg.Endpoints) > 0 && cfg.Policy().AllowsAll() {
		t.Cells(term.Cell{Text: "remote"}, term.Cell{
			Text: "all: whoever holds the endpoint holds this host; virgo help policy has narrower rules", Color: term.Bad,
		})
	}
}
