//go:build unix

package main

import (
	"os"
	"strings"
	"testing"
)

// Without virgo, a file that is not plain YAML is a mistake like others: the checks run, their results
// are persisted, and there is a line when it begins, not in each run.
func TestNotPlainWithoutVirgo(t *testing.T) {
	c := newCouple(t, "exit 0")
	if err := os.Remove(c.path("virgo")); err != nil {
		t.Fatal(err)
	}
	c.write("virgo.yaml", flowStyle)
	c.write("checks.d/mem.yaml", "id: mem\ntype: agent.memory\nperiod: 60\n")
	code, _, stderr := c.run()
	if code != 2 || strings.Count(stderr, "virgo: error: ") != 1 || !strings.Contains(stderr, "virgo.yaml: not plain YAML; virgo, which may understand it, cannot be started: ") ||
		!strings.Contains(stderr, "virgo: hint: install virgo beside virgo-run") {
		t.Errorf("the first run: exit code %d, %s", code, stderr)
	}
	for range 2 {
		if code, _, stderr := c.run(); code != 0 || stderr != "" {
			t.Errorf("a later run: exit code %d, %s", code, stderr)
		}
	}
	if code, _, stderr := c.run("--strict"); code != 2 || !strings.Contains(stderr, "not plain YAML") {
		t.Errorf("with --strict: exit code %d, %s", code, stderr)
	}
	if _, err := os.Stat(c.path("state/virgo.db")); err != nil {
		t.Errorf("no results: %v", err)
	}

	c.write("virgo.yaml", "agent_id: a\n")
	c.write("checks.d/other.yaml", "&a {id: other, type: agent.cpu}")
	code, _, stderr = c.run("--verbose")
	if code != 0 || !strings.Contains(stderr, "not plain YAML; virgo, which may understand it, cannot be started") {
		t.Errorf("a check: exit code %d, %s", code, stderr)
	}
	if code, _, stderr := c.run(); code != 0 || stderr != "" {
		t.Errorf("a check, later: exit code %d, %s", code, stderr)
	}
}
