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

// A variable that only virgo reads, likewise; an argument that nobody reads stays an error in each run.
func TestVariableWithoutVirgo(t *testing.T) {
	for _, variable := range []struct{ pair, want string }{
		{"VIRGO_JSON=1", "virgo-run does not know the variable VIRGO_JSON; virgo, which may understand it, cannot be started: "},
		{"VIRGO_VERBOSE=yes", `virgo-run does not know the value "yes" of VIRGO_VERBOSE; virgo, which may understand it, cannot be started: `},
	} {
		c := newCouple(t, "exit 0")
		if err := os.Remove(c.path("virgo")); err != nil {
			t.Fatal(err)
		}
		c.env = append(c.env, variable.pair)
		code, _, stderr := c.run()
		if code != 0 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, variable.want) {
			t.Errorf("%s: exit code %d, %s", variable.pair, code, stderr)
		}
		for range 2 {
			if code, _, stderr := c.run(); code != 0 || stderr != "" {
				t.Errorf("%s, later: exit code %d, %s", variable.pair, code, stderr)
			}
			if code, _, stderr := c.run("--nonsense"); code != 2 || !strings.Contains(stderr, `the argument "--nonsense"`) {
				t.Errorf("%s, an argument: exit code %d, %s", variable.pair, code, stderr)
			}
		}
		if _, err := os.Stat(c.path("state/virgo.db")); err != nil {
			t.Errorf("no results: %v", err)
		}
	}
}

// Alarms in checks.d, likewise: the checks run and their results are persisted, and nobody judges the alarms.
func TestAlarmsWithoutVirgo(t *testing.T) {
	c := newCouple(t, "exit 0")
	c.write("checks.d/mem.yaml", "id: mem\ntype: agent.memory\nperiod: 60\nalarms: {a: {warning: 'last(\"total\") > 1'}}\n")
	if code, _, _ := c.run(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if s := c.record(); s == nil || len(s.Args) < 2 || s.Args[1] != "run" {
		t.Fatalf("virgo was started as %+v", s)
	}
	if err := os.Remove(c.path("virgo")); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := c.run()
	want := "checks of this host have alarms, which virgo judges; virgo, which may understand it, cannot be started: "
	if code != 0 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
		t.Errorf("the first run: exit code %d, %s", code, stderr)
	}
	if code, _, stderr := c.run(); code != 0 || stderr != "" {
		t.Errorf("a later run: exit code %d, %s", code, stderr)
	}
	if _, err := os.Stat(c.path("state/virgo.db")); err != nil {
		t.Errorf("no results: %v", err)
	}
}
