package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/collect"
)

var update = flag.Bool("update", false, "write what is made from the checks: the README's table")

// registered are all types of checks, as virgo check --list shows them.
func registered(t *testing.T) []collect.Type {
	t.Helper()
	a := &app{now: time.Now, getenv: func(string) string { return "" }}
	reg, err := a.registry(nil)
	if err != nil {
		t.Fatal(err)
	}
	return reg.Types()
}

// testdata/CHECKS.md is the contract with endpoints and their dashboards: what it names must be there.
func TestCheckListAgreesWithCHECKS(t *testing.T) {
	contract, err := os.ReadFile("../../testdata/CHECKS.md")
	if err != nil {
		t.Fatal(err)
	}
	types := make(map[string]collect.Type)
	for _, typ := range registered(t) {
		types[typ.Name] = typ
	}
	quoted, name := regexp.MustCompile("`([^`]+)`"), regexp.MustCompile(`^(agent|remote)\.[a-z_]+$`)
	seen := make(map[string]bool)
	for line := range strings.Lines(string(contract)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		var named []string
		for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
			if name.MatchString(m[1]) {
				named = append(named, m[1])
			}
		}
		for _, n := range named {
			seen[n] = true
			typ, ok := types[n]
			if !ok {
				t.Errorf("%s is in CHECKS.md and not in virgo check --list", n)
				continue
			}
			if len(named) > 1 {
				continue // a row of several does not say which takes what
			}
			for _, m := range quoted.FindAllStringSubmatch(cells[2], -1) {
				detail := m[1]
				known := slices.ContainsFunc(typ.Details, func(d collect.Detail) bool { return d.Name == detail })
				if plain := regexp.MustCompile(`^[a-z_]+$`).MatchString(detail); plain && !known && !isValue(n, detail) {
					t.Errorf("%s takes %q in CHECKS.md and not in virgo check --list", n, detail)
				}
			}
		}
	}
	seen["agent.plugin"] = true // its section is no table
	for n := range types {
		if !seen[n] {
			t.Errorf("%s is in virgo check --list and not in CHECKS.md", n)
		}
	}
	if len(seen) < 30 {
		t.Errorf("CHECKS.md was not understood: %d types", len(seen))
	}
}

// isValue says whether what CHECKS.md quotes among a type's details is a key below one of them.
func isValue(typ, word string) bool {
	return typ == "agent.http_json" && slices.Contains([]string{"path", "type", "unit"}, word)
}

const (
	tableBegin = "<!-- made by make docs -->\n"
	tableEnd   = "<!-- end of what make docs makes -->\n"
)

// The README's table of checks is made from the registry.
func TestReadmeListsTheChecks(t *testing.T) {
	const path = "../../README.md"
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(readme), tableBegin)
	had, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok1 || !ok2 {
		t.Fatalf("the README has no place for the table: %q … %q", tableBegin, tableEnd)
	}
	var table strings.Builder
	table.WriteString("| check | what it looks at | details |\n|---|---|---|\n")
	for _, typ := range registered(t) {
		var details []string
		for _, d := range typ.Details {
			if d.Required {
				details = append(details, "**`"+d.Name+"`**")
			} else {
				details = append(details, "`"+d.Name+"`")
			}
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", typ.Name, strings.ReplaceAll(typ.Summary, "|", "\\|"), strings.Join(details, " "))
	}
	if had == table.String() {
		return
	}
	if !*update {
		t.Fatalf("the README's table of checks is not that of the registry: make docs\n%s", table.String())
	}
	if err := os.WriteFile(path, []byte(before+tableBegin+table.String()+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
