package alarm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/schedule/yaml"
	"virgo/schedule/yaml/full"
)

const allKeys = `
- alarm: all-keys
  label: disk of {dimension}
  checks: {type: [agent.filesystem], id: [root, 'data-*']}
  hosts: {tags: [web], not_tags: [test], ids: ['db-*']}
  each: dimension
  warning: percent(last("used"), last("total")) > 80
  critical: percent(last("used"), last("total")) > 90
  for: 10m
  clear_for: 5m
  clear: percent(last("used"), last("total")) < 78
  message: '{label}: {value} %, {last.avail|kilobytes} {{free}}'
  notify: [ops, chat]
  escalate: [{after: 30m, to: [boss]}]
  unknown: notify
- alarm: cases
  each: check
  for: 3p
  cases:
    - {if: 'not available', state: critical, message: gone}
    - {if: 'last("x") > 5', state: OK}
    - {if: 'last("x") > 3', state: WARNING}
- override: all-keys
  hosts: {tags: [archive]}
  warning: off
  critical: percent(last("used"), last("total")) > 99
  for: 1h
- override: all-keys
  disabled: true
- disable: [cases, swap]
- disable: load
`

func TestParse(t *testing.T) {
	set, problems := Parse("a.yaml", []byte(allKeys), full.Parse)
	for _, p := range problems {
		t.Error(p.Err)
	}
	if len(set.Rules) != 2 || len(set.Overrides) != 2 || !slices.Equal(set.Disabled, []string{"cases", "swap", "load"}) {
		t.Fatalf("%+v", set)
	}
	r := set.Rules[0]
	got := fmt.Sprintln(r.ID, r.Label, r.Checks, r.Hosts, r.For, r.ClearFor, r.Notify, r.Escalate, r.NotifyUnknown, r.File, r.Line, r.metrics)
	want := "all-keys disk of {dimension} {[agent.filesystem] [root data-*]} {[web] [test] [db-*]} 10m 5m [ops chat] [{30m0s [boss]}] true a.yaml 2 [avail total used]\n"
	if got != want {
		t.Errorf("%s want %s", got, want)
	}
	if len(r.Cases) != 2 || r.Cases[0].State != Critical || r.Clear == nil {
		t.Errorf("%+v", r.Cases)
	}
	if c := set.Rules[1]; c.For.Count != 3 || len(c.Cases) != 3 || c.Cases[1].State != OK || c.ClearFor.Count != 3 || c.Each != EachCheck {
		t.Errorf("%+v", c)
	}
	over := set.Overrides[0]
	changed, err := over.Apply(r)
	if err != nil || over.Hosts.Specificity() != 1 || len(changed.Cases) != 1 || changed.For.Time != time.Hour || changed.ClearFor.Time != 10*time.Minute {
		t.Errorf("%+v %v", changed, err)
	}
	if len(r.Cases) != 2 || r.Cases[0].When.String() != `percent(last("used"), last("total")) > 90` {
		t.Error("the override changed the rule itself")
	}
	if off, err := set.Overrides[1].Apply(r); err != nil || !off.Disabled {
		t.Errorf("%+v %v", off, err)
	}
}

func TestParseMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"5":                                                                              `a.yaml:1:1: expected a list of rules, found a number`,
		"- 5":                                                                            `a.yaml:1:3: expected a rule, found a number`,
		"- label: x":                                                                     `a.yaml:1:3: the entry is no rule`,
		"- alarm: x":                                                                     `a.yaml:1:3: rule "x": it has no condition: add warning, critical or cases`,
		"- alarm: x y\n  warning: 'true'":                                                `a.yaml:1:3: the id "x y" of a rule has other characters than letters, digits, "-", "_" and "."`,
		"- alarm: x\n  override: y":                                                      `a.yaml:2:3: alarm and override exclude each other`,
		"- alarm: x\n  warning: last('a') > ":                                            `a.yaml:2:22: warning: unexpected token EOF`,
		"- alarm: x\n  warning: last(a) > 1":                                             `a.yaml:2:17: warning: the metric is named by text in quotes`,
		"- alarm: x\n  warning: lats('a') > 1":                                           `a.yaml:2:12: warning: unknown function "lats"`,
		"- alarm: x\n  warning: 1 + foo > 1":                                             `a.yaml:2:16: warning: unknown name "foo"`,
		"- alarm: x\n  warning: 'host.cpu > 1'":                                          `a.yaml:2:18: warning: host has no "cpu"`,
		"- alarm: x\n  warning: 5":                                                       `a.yaml:2:3: expected an expression for warning, found a number`,
		"- alarm: x\n  warnings: 'true'":                                                 `a.yaml:2:3: unknown key "warnings"`,
		"- alarm: x\n  warning: 'true'\n  for: 10":                                       `a.yaml:3:3: for is between 1s and 7d, or between 1p and 100p`,
		"- alarm: x\n  warning: 'true'\n  for: 0p":                                       `a.yaml:3:3: for is between 1s and 7d, or between 1p and 100p`,
		"- alarm: x\n  warning: 'true'\n  clear_for: 8d":                                 `a.yaml:3:3: clear_for is between 1s and 7d, or between 1p and 100p`,
		"- alarm: x\n  warning: 'true'\n  cases: []":                                     `a.yaml:1:3: cases stand in place of warning and critical`,
		"- alarm: x\n  warning: 'true'\n  each: host":                                    "",
		"- alarm: x\n  warning: last('a') > 1\n  each: host":                             `a.yaml:1:3: rule "x": a rule with each: host can only use host.*, not the values of a check`,
		"- alarm: x\n  warning: 'true'\n  each: week":                                    `a.yaml:3:3: each is dimension, check or host`,
		"- alarm: x\n  warning: 'true'\n  message: '{valeu}'":                            `a.yaml:3:3: the message has {valeu}; there are {value}, {threshold}, {label}, {dimension}, {check}, {host}, {state}, {status} and {last.METRIC}`,
		"- alarm: x\n  warning: 'true'\n  message: '{value|%}'":                          `a.yaml:3:3: the message has the format "%"; there are time, bytes, kilobytes`,
		"- alarm: x\n  warning: 'true'\n  message: 'a } b'":                              `a.yaml:3:3: the message has a } without its {; write }} for the brace itself`,
		"- alarm: x\n  warning: 'true'\n  label: '{value'":                               `a.yaml:3:3: the label has a { without its }; write {{ for the brace itself`,
		"- alarm: x\n  warning: 'true'\n  hosts: [web]":                                  `a.yaml:3:3: expected a mapping for hosts, found a list`,
		"- alarm: x\n  warning: 'true'\n  hosts: {tag: [web]}":                           `a.yaml:3: unknown key "tag"`,
		"- alarm: x\n  warning: 'true'\n  checks: {type: {a: b}}":                        `a.yaml:3:12: expected a list for type, found a mapping`,
		"- alarm: x\n  cases: [{if: 'true'}]":                                            `a.yaml:2:3: a case has if and state`,
		"- alarm: x\n  cases: [{if: 'true', state: UNKNOWN}]":                            `a.yaml:2:24: a case leads to OK, WARNING, CRITICAL or SILENT`,
		"- alarm: x\n  warning: 'true'\n  escalate: [{after: soon, to: [x]}]":            `a.yaml:3:15: after "soon": not a time up to 7d`,
		"- alarm: x\n  warning: 'true'\n  unknown: shout":                                `a.yaml:3:3: unknown is ignore or notify`,
		"- alarm: x\n  warning: 'true'\n  disabled: maybe":                               `a.yaml:3:3: expected true or false, found text`,
		"- alarm: x\n  warning: 'true'\n- alarm: x\n  warning: 'true'":                   `a.yaml:3:3: there is another rule "x" in this file`,
		"- override: x\n  each: host":                                                    `a.yaml:2:3: an override cannot change each`,
		"- disable: x\n  hosts: {}":                                                      `a.yaml:2:3: disable stands alone`,
		"- alarm: x\n  warning: 'true'\n  label: [a":                                     `a.yaml:`,
		"- alarm: x\n  warning: |\n    last('a') > 1 and\n    lats('b') > 2":             `a.yaml:2:3: warning: line 2, column 1 of the expression: unknown function "lats"`,
		"- alarm: x\n  warning: 'true'\n  message: " + strings.Repeat("x", MaxMessage+1): `a.yaml:3:3: message has 1025 bytes, at most 1024 are allowed`,
	} {
		_, problems := Parse("a.yaml", []byte(text), full.Parse)
		if want == "" {
			if len(problems) > 0 {
				t.Errorf("%q: %v", text, problems[0].Err)
			}
			continue
		}
		if len(problems) == 0 {
			t.Errorf("%q: no mistake", text)
			continue
		}
		var e *yaml.Error
		if !errors.As(problems[0].Err, &e) {
			t.Errorf("%q: %T", text, problems[0].Err)
			continue
		}
		if got := e.Position(); !strings.HasPrefix(got, want) {
			t.Errorf("%q:\n%s\nwant %s", text, got, want)
		}
	}
}

func TestOneBadRuleCostsItselfAlone(t *testing.T) {
	text := "- alarm: a\n  warning: nonsense\n- alarm: b\n  warning: last('x') > 1\n"
	set, problems := Parse("a.yaml", []byte(text), full.Parse)
	if len(set.Rules) != 1 || set.Rules[0].ID != "b" || len(problems) != 1 || problems[0].CheckID != "a" {
		t.Errorf("%+v %v", set, problems)
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true},
		{"*", "a/b", true},
		{"db-*", "db-1", true},
		{"db-*", "web-1", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"*-*-x", "a-b-c-x", true},
		{"[a]", "a", false},
		{"[a]", "[a]", true},
		{strings.Repeat("*a", 30) + "b", strings.Repeat("a", 10_000), false},
	} {
		if got := matchGlob(c.pattern, c.name); got != c.want {
			t.Errorf("%.20q %.20q: %v", c.pattern, c.name, got)
		}
	}
	host := &Host{ID: "db-1.example", Name: "db-1", Tags: []string{"web", "prod"}}
	for _, c := range []struct {
		match HostMatch
		want  bool
	}{
		{HostMatch{}, true},
		{HostMatch{Tags: []string{"x", "prod"}}, true},
		{HostMatch{Tags: []string{"x"}}, false},
		{HostMatch{NotTags: []string{"prod"}}, false},
		{HostMatch{IDs: []string{"db-1"}}, true},
		{HostMatch{IDs: []string{"*.example"}, Tags: []string{"x"}}, false},
	} {
		if got := c.match.Match(host); got != c.want {
			t.Errorf("%+v: %v", c.match, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(allKeys)
	f.Add(DefaultsText())
	f.Fuzz(func(t *testing.T, text string) {
		set, problems := Parse("a.yaml", []byte(text), full.Parse)
		for _, p := range problems {
			if p.Err == nil || p.Err.Error() == "" {
				t.Fatal("a problem without a text")
			}
		}
		for i := range set.Overrides {
			for _, r := range set.Rules {
				_, _ = set.Overrides[i].Apply(r)
			}
		}
	})
}
