package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/releases"
)

// A few agents are all listed; of many, those that differ, and no more than fit. The counts are of all.
func TestBundleStatusOfMany(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	a := &app{stdio: stdio{out: new(bytes.Buffer)}, now: func() time.Time { return now }}
	seen := now.UnixMilli()
	status := func(agents, back, old int, all bool) string {
		doc := bundleStatusDocument{Channel: "stable", Bundle: "mine"}
		var versions, programs []string
		for n := range agents {
			e := followerEntry{AgentID: fmt.Sprintf("host-%04d", n), Version: "2.0.0", Offered: "2.0.0", State: "good", LastSeen: &seen, Programs: "0.10.0", order: ordersOfFollowers - 1}
			if n < back {
				e.Version, e.State, e.order = "1.0.0", "back 2.0.0: script.a fails", 0
			} else if n >= agents-old {
				e.Programs = fmt.Sprintf("0.9.%d", n%7)
			}
			doc.Agents, versions, programs = append(doc.Agents, e), append(versions, e.Version), append(programs, e.Programs)
		}
		doc.Versions, doc.Programs = countVersions(versions), countVersions(programs)
		return string(a.bundleStatus(&doc, &releases.Rollout{Target: "2.0.0", Percent: 100}, all))
	}
	expect := func(text string, rows int, lines ...string) {
		t.Helper()
		if n := strings.Count(text, "\nhost-"); n != rows {
			t.Errorf("%d agents listed, want %d:\n%s", n, rows, text)
		}
		for _, line := range lines {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("no line %q:\n%s", line, text)
			}
		}
	}
	expect(status(3, 1, 1, false), 3, "mine, channel stable: 2.0.0 for all agents", "3 agents: 1 went back, 2 up to date",
		"bundles: 2 with 2.0.0, 1 with 1.0.0", "host-0000  1.0.0  2.0.0    0.10.0    now   went back from 2.0.0: script.a fails")
	expect(status(3000, 2, 5, false), 7, "3000 agents: 2 went back, 2998 up to date", "and 2993 more agents; --all lists them")
	expect(status(3000, 60, 20, false), maxStatusRows, "programs: 2980 with 0.10.0, 3 with 0.9.0, 3 with 0.9.1, 3 with 0.9.2, 3 with 0.9.3, 8 with 3 other versions",
		"and 2950 more agents, of which 30 differ; --all lists them")
	expect(status(3000, 0, 0, false), 0, "and 3000 more agents; --all lists them")
	expect(status(3000, 0, 0, true), 3000)
}
