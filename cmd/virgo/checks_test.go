package main

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"virgo/cmd/internal/agent"
	"virgo/collect"
)

var update = flag.Bool("update", false, "write the generated catalogs of checks")

// registered returns all check types, as virgo check --list prints them.
func registered(t *testing.T) []collect.Type {
	t.Helper()
	a := agent.New(t.Context(), agent.Stdio{}, func(string) string { return "" }, nil)
	reg, err := a.Registry(nil)
	if err != nil {
		t.Fatal(err)
	}
	return reg.Types()
}

// The README names each check type once, and none that does not exist.
func TestReadmeListsTheChecks(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(readme), "\nThe check types:\n\n")
	list, _, _ = strings.Cut(list, "\n\n")
	named := regexp.MustCompile("`[a-z]+\\.[a-z_]+`").FindAllString(list, -1)
	var want []string
	for _, typ := range registered(t) {
		want = append(want, "`"+typ.Name+"`")
	}
	slices.Sort(named)
	slices.Sort(want)
	if !slices.Equal(named, want) {
		t.Errorf("the README's list names the checks\n%s\nwant\n%s", named, want)
	}
}
