package main

import (
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/term"
	"virgo/schedule"
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

// policyRows says what is refused, and warns of an endpoint that may do everything.
func policyRows(t *term.Table, cfg config.Config, s schedule.Schedule) {
	if n := countRefused(s); n > 0 {
		t.Row("refused", term.Count(n, "check", "checks")+" of the endpoint's, by remote in virgo.yaml: virgo policy check")
	}
	if len(cfg.Endpoints) > 0 && cfg.Policy().AllowsAll() {
		t.Cells(term.Cell{Text: "remote"}, term.Cell{
			Text: "all: whoever holds the endpoint holds this host; virgo help policy has narrower rules", Color: term.Bad,
		})
	}
}
