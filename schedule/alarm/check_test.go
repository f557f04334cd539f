package alarm

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/schedule"
	"virgo/schedule/yaml"
	"virgo/schedule/yaml/full"
)

// checkOf returns the only check of a file.
func checkOf(t *testing.T, text string) *schedule.Check {
	t.Helper()
	s, problems, err := schedule.ParseYAML("checks.d/x.yaml", []byte(text), full.Parse)
	if err != nil || len(problems) > 0 || len(s.Checks) != 1 {
		t.Fatalf("%v %v", err, problems)
	}
	return &s.Checks[0]
}

func TestAlarmsOfACheck(t *testing.T) {
	c := checkOf(t, `
id: shop
type: remote.http
alarms:
  slow:
    warning: last("duration") > 500
    critical: last("duration") > 2000
    for: 3p
    message: '{value} ms'
  code:
    label: the {shop}
    notification_plan_id: npManaged
    disabled: false
    criteria: |
      :set consecutiveCount=2
      if (metric['code'] regex '^5') { return new AlarmStatus(CRITICAL, 'code #{code}'); }
`)
	rules, problems := ParseCheck(c)
	if len(problems) > 0 || len(rules) != 2 {
		t.Fatalf("%v %v", rules, problems)
	}
	// The mapping of a check is stored with its keys in order.
	code, slow := rules[0], rules[1]
	if code.ID != "check/shop/code" || code.Plan != "npManaged" || code.For.Count != 2 || code.Each != EachCheck {
		t.Errorf("%+v", code)
	}
	if slow.ID != "check/shop/slow" || slow.For.Count != 3 || len(slow.Cases) != 2 || slow.Cases[0].State != Critical {
		t.Errorf("%+v", slow)
	}
	m := NewMemory(Needs(rules))
	m.Add(Result{At: capturedTime, Period: time.Minute, Available: true, Status: "success", Values: slices.Values([]Value{
		{Name: "code", Value: "503"}, {Name: "duration", Value: "1200"},
	})})
	for i, want := range []string{"CRITICAL code 503", "WARNING 1200 ms"} {
		v, ok := rules[i].Judge(&Env{Check: m, CheckID: "shop"})
		if got := v.State.String() + " " + v.Text; !ok || got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	m.Add(Result{At: capturedTime.Add(time.Minute), Period: time.Minute, Status: "connection refused"})
	if v, ok := code.Judge(&Env{Check: m}); !ok || v.State != Critical || v.Text != "connection refused" {
		t.Errorf("unavailable: %v %+v", ok, v)
	}
	if v, ok := slow.Judge(&Env{Check: m}); ok {
		t.Errorf("unavailable: a rule about values says %+v", v)
	}
}

func TestMistakesInAlarmsOfACheck(t *testing.T) {
	for alarms, want := range map[string]string{
		"{a: {criteria: 'if (x) { return OK }'}}":                                  `alarm "a" of check "shop": criteria, line 1, column 5: expected metric['…'], a function, a number or a text, found "x"`,
		"{a: {criteria: \"if (metric['x'] regex 'a{900}{9}') { return OK }\"}}":    `alarm "a" of check "shop": criteria, line 1, column 23: the regular expression "a{900}{9}" is not available: invalid nested repetition operator: ` + "`{900}{9}`",
		"{a: {criteria: \"if (metric['x'] regex '(abcde){900}') { return OK }\"}}": `alarm "a" of check "shop": criteria, line 1, column 0: the regular expressions are too large`,
		"{a: {warning: 'last(\"x\") >'}}":                                          `alarm "a" of check "shop": warning:`,
		"{a: {warning: 'last(\"x\") > 1', hosts: {tags: [x]}}}":                    `has no hosts`,
		"{a: {warning: 'last(\"x\") > 1', colour: red}}":                           `unknown key "colour"`,
		"{a: {warning: 'host.cpus > 1', each: host}}":                              `has each: dimension or check`,
		"{'a b': {warning: 'last(\"x\") > 1'}}":                                    `the id "a b" of a rule`,
		"{a: 5}":                                                                   `expected an alarm, found a number`,
		"5":                                                                        `alarms: expected a list or a mapping, found a number`,
		"[{for: 5m}]":                                                              `alarm "alarm-1" of check "shop": it has no condition`,
		"{a: {criteria: 'x'}}":                                                     `expected "return"`,
	} {
		c := checkOf(t, "id: shop\ntype: remote.http\nalarms: "+alarms+"\n")
		rules, problems := ParseCheck(c)
		if len(rules) != 0 || len(problems) == 0 {
			t.Errorf("%s: %d rules, %v", alarms, len(rules), problems)
			continue
		}
		if got := problems[0].Err.Error(); !strings.Contains(got, want) || !strings.HasPrefix(got, "checks.d/x.yaml:1: ") {
			t.Errorf("%s:\n%s\nwant %s", alarms, got, want)
		}
	}
}

func TestOneBadAlarmCostsItselfAlone(t *testing.T) {
	c := checkOf(t, `{id: shop, type: remote.http, alarms: [{alarm: a, warning: 'last("x") >'}, {alarm: b, warning: 'last("x") > 1'}]}`)
	rules, problems := ParseCheck(c)
	if len(rules) != 1 || rules[0].ID != "check/shop/b" || len(problems) != 1 {
		t.Errorf("%v %v", rules, problems)
	}
}

func TestMistakesInAFileOfChecksHaveItsLines(t *testing.T) {
	text := `- id: a
  type: agent.cpu
- id: b
  type: remote.http
  alarms:
    old:
      criteria: |
        # the first line
        if (metric['a'] ~ 1) { return OK; }
    inline: {criteria: "return FATAL"}
    new:
      warning: lats("x") > 1
      for: soon
    good: {warning: 'last("x") > 1'}
`
	rules, problems := ParseChecks("x.yaml", []byte(text), full.Parse)
	if len(rules) != 1 || rules[0].ID != "check/b/good" || rules[0].Line != 14 {
		t.Errorf("%+v", rules)
	}
	var got []string
	for _, p := range problems {
		var e *yaml.Error
		if !errors.As(p.Err, &e) || p.CheckID != "b" {
			t.Fatalf("%+v", p)
		}
		got = append(got, e.Position())
	}
	want := []string{
		`x.yaml:9:25: alarm "old" of check "b": criteria: "~" is not expected here`,
		`x.yaml:10:5: alarm "inline" of check "b": criteria, line 1, column 8: expected OK, WARNING or CRITICAL, found "FATAL"`,
		`x.yaml:12:16: alarm "new" of check "b": warning: unknown function "lats"`,
		`x.yaml:13:7: alarm "new" of check "b": for is between 1s and 7d, or between 1p and 100p`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if rules, problems := ParseChecks("x.yaml", []byte("id: a\ntype: b\nalarms: 5\n"), full.Parse); len(rules) > 0 || len(problems) != 1 {
		t.Errorf("%v %v", rules, problems)
	}
}

func FuzzParseCheck(f *testing.F) {
	f.Add(`{"a":{"warning":"last(\"x\") > 1","for":"3p"}}`)
	f.Add(`[{"id":"a","criteria":"if (metric['x'] > 1) { return OK }","disabled":1}]`)
	f.Add(`{"a":{"cases":[{"if":"true","state":"ok"}],"escalate":[{"after":"5m","to":"x"}]}}`)
	f.Fuzz(func(t *testing.T, alarms string) {
		rules, problems := ParseCheck(&schedule.Check{ID: "c", Type: "agent.cpu", Alarms: []byte(alarms)})
		for _, p := range problems {
			if p.Err == nil || p.Err.Error() == "" {
				t.Fatal("a problem without a text")
			}
		}
		m := NewMemory(Needs(rules))
		m.Add(Result{At: capturedTime, Available: true, Values: slices.Values([]Value{{Name: "x", Value: "2"}})})
		for i := range rules {
			rules[i].Judge(&Env{Check: m})
		}
	})
}
