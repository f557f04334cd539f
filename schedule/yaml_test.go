package schedule

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"virgo/schedule/yaml"
	"virgo/schedule/yaml/full"
)

func TestParseYAML(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "# none yet\n", ``},
		{"one check", "id: a\ntype: agent.cpu\n", `{"id":"a","type":"agent.cpu","details":{},"period":60,"timeout":60,"disabled":false}`},
		{
			"a list, with all keys",
			"- id: a\n  type: agent.filesystem\n  label: The root\n  period: 5m\n  timeout: 30\n  disabled: true\n  details:\n    target: /\n    n: 1.50\n    s: \"007\"\n    l: [a, 1, {b: ~}]\n  target_alias: x\n  monitoring_zones_poll: [z]\n  alarms:\n    c: 1\n- {id: 1001, type: agent.cpu, period: 1d}\n",
			`{"id":"a","type":"agent.filesystem","details":{"l":["a",1,{"b":null}],"n":1.50,"s":"007","target":"/"},"period":300,"timeout":30,"disabled":true,"label":"The root","target_alias":"x","monitoring_zones_poll":["z"],"alarms":{"c":1}}` + "\n" +
				`{"id":"1001","type":"agent.cpu","details":{},"period":86400,"timeout":60,"disabled":false}`,
		},
		{"missing values", "id: a\ntype: t\ndetails:\nperiod:\nlabel:\n", `{"id":"a","type":"t","details":{},"period":60,"timeout":60,"disabled":false}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, problems, err := ParseYAML("f.yaml", []byte(c.in), full.Parse)
			if err != nil || len(problems) > 0 {
				t.Fatal(problems, err)
			}
			if got := text(s); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestParseYAMLRejects(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		kind           error
	}{
		{"an unknown key", "id: a\ntype: t\nperoid: 60\n", `f.yaml:3: unknown key "peroid"`, nil},
		{"a duplicate key", "id: a\ntype: t\nid: b\n", `f.yaml:3: duplicate key "id", first in line 1`, nil},
		{"a duplicate id", "- id: a\n  type: t\n- id: a\n  type: t\n", `f.yaml:3: duplicate id "a", first in f.yaml:1`, ErrDuplicateID},
		{"no id", "- type: t\n", "f.yaml:1: check has no id", ErrNoID},
		{"no type", "\n- id: a\n", "f.yaml:2: check has no type", ErrNoType},
		{"an id that is a list", "id: [a]\ntype: t\n", "f.yaml:1: expected text for id, found a list", nil},
		{"an id of 10 MB", "id: " + strings.Repeat("x", 10<<20) + "\ntype: t\n", "f.yaml: larger than 4194304 bytes", nil},
		{"an id of 64 KB", "id: " + strings.Repeat("x", 1<<16) + "\ntype: t\n", "f.yaml:1: invalid name: id has 65536 bytes", ErrName},
		{"a period of 0", "id: a\ntype: t\nperiod: 0\n", "f.yaml:3: invalid period", ErrPeriod},
		{"a period of -1", "id: a\ntype: t\n\nperiod: -1\n", "f.yaml:4: invalid period", ErrPeriod},
		{"a period of 1e12", "id: a\nperiod: 1000000000000\ntype: t\n", "f.yaml:2: invalid period", ErrPeriod},
		{"a period with an exponent", "id: a\nperiod: 1e12\ntype: t\n", `f.yaml:2: period "1e12": not a duration`, nil},
		{"half a second", "id: a\nperiod: 0.5\ntype: t\n", "f.yaml:2: invalid period", ErrPeriod},
		{"half a second with a unit", "id: a\nperiod: 500ms\ntype: t\n", "f.yaml:2: invalid period", ErrPeriod},
		{"seconds in quotes", "id: a\nperiod: '60'\ntype: t\n", `f.yaml:2: period "60": not a duration`, nil},
		{"a period that is true", "id: a\nperiod: true\ntype: t\n", "f.yaml:2: expected seconds for period, found a boolean", nil},
		{"a timeout of two hours", "id: a\ntype: t\ntimeout: 2h\n", "f.yaml:3: invalid timeout", ErrTimeout},
		{"disabled as text", "id: a\ntype: t\ndisabled: \"yes\"\n", "f.yaml:3: expected true or false for disabled, found text", nil},
		{"details as a list", "id: a\ntype: t\ndetails: [a]\n", "f.yaml:3: expected a mapping for details, found a list", nil},
		{"an octal", "id: a\ntype: t\ndetails:\n  mode: 0644\n", `f.yaml:4: "0644" is ambiguous: a number or text`, nil},
		{"an infinity", "id: a\ntype: t\ndetails:\n  max: .inf\n", `f.yaml:4: ".inf" is ambiguous`, nil},
		{"large details", "id: a\ntype: t\ndetails:\n  x: " + strings.Repeat("x", 100_000) + "\n", "f.yaml:3: invalid details: larger", ErrDetails},
		{"details nested too deep", "id: a\ntype: t\ndetails: {x: " + strings.Repeat("[", 25) + strings.Repeat("]", 25) + "}\n", "f.yaml:3: invalid details: nested", ErrDetails},
		{"alarms nested too deep", "id: a\ntype: t\nalarms: " + strings.Repeat("[", 25) + strings.Repeat("]", 25) + "\n", "f.yaml:3: invalid details: alarms", ErrDetails},
		{"text", "agent.cpu\n", "f.yaml:1: expected a check or a list of checks, found text", nil},
		{"a list of texts", "- agent.cpu\n", "f.yaml:1: expected a check, found text", nil},
		{"invalid YAML", "id: a\n\ttype: t\n", "f.yaml:", nil},
		{"a schedule's JSON", `{"checks":[]}`, `f.yaml:1: unknown key "checks"`, nil},
		{"too many checks", strings.Repeat("- a\n", MaxChecks+1), "f.yaml: too many checks", ErrTooMany},
		{"a control character", "id: \"a\\e[2J\"\ntype: t\n", "f.yaml:1: invalid name", ErrName},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, problems, err := ParseYAML("f.yaml", []byte(c.in), full.Parse)
			var e *yaml.Error
			if err != nil || len(problems) == 0 || countFaults(s) == 0 {
				t.Fatalf("checks %v, problems %v, error %v", s, problems, err)
			}
			if err = problems[0].Err; !errors.As(err, &e) {
				t.Fatalf("a mistake is a %T", err)
			}
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("error %q, want %q", err, c.want)
			}
			if c.kind != nil && !errors.Is(err, c.kind) {
				t.Errorf("error %q is not %q", err, c.kind)
			}
		})
	}
}

func TestUnknownKeyHint(t *testing.T) {
	s, problems, err := ParseYAML("f.yaml", []byte("id: a\ntype: t\nperoid: 60\n"), full.Parse)
	var e *yaml.Error
	if err != nil || len(problems) != 1 || !errors.As(problems[0].Err, &e) || e.Hint() != `did you mean "period"?` {
		t.Fatalf("problems %v, %v", problems, err)
	}
	if want := `f.yaml:3: unknown key "peroid"; did you mean "period"?`; s.Checks[0].Fault != want {
		t.Errorf("fault %q, want %q", s.Checks[0].Fault, want)
	}
}

// A person who corrects a file wants all mistakes at once, with their places.
func TestAllMistakesOfAFileAndTheirColumns(t *testing.T) {
	const file = "# ümlaut\n" +
		"- id: a\n  tpye: t\n  label: \"é\"\n  period: 0\n  disabled: maybe\n" +
		"- {id: b, type: t, timeout: 2h}\n" +
		"- id: c\n\ttype: t\n" +
		"- id: [d]\n  type: t\n  details:\n    mode: 0644\n"
	s, problems, err := ParseYAML("f.yaml", []byte(file), full.Parse)
	var got []string
	for _, p := range problems {
		var e *yaml.Error
		if !errors.As(p.Err, &e) {
			t.Fatal(p.Err)
		}
		got = append(got, strings.Join(strings.SplitN(e.Position(), ":", 4)[1:3], ":"))
	}
	if want := "3:3 6:3 5:3 7:20 9:1 10:3 13:5"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("mistakes at %v, want %s; %v %v", got, want, problems, err)
	}
	if !strings.HasSuffix(s.Checks[0].Fault, " (and 2 more)") || len(s.Checks) != 4 {
		t.Errorf("%d checks, fault %q", len(s.Checks), s.Checks[0].Fault)
	}
}

// FuzzParseYAML checks that accepted checks survive a round trip through JSON.
func FuzzParseYAML(f *testing.F) {
	for _, s := range []string{
		"id: a\ntype: agent.cpu\n", "- id: a\n  type: t\n  details: {a: [1, 2.5, ~, true, 'x']}\n  alarms: {x: \"<\"}\n- id: 7\n  type: t\n  period: 5m\n",
		"id: a\nid: b", "- {id: a, type: t, timeout: 1d}", "id: |\n  a\ntype: >\n  t\n", "id: \"\\u0000\"\ntype: t", "- id: a\n  type: t\n- id: b\n\ttype: t\n- id: c\n  x: @\n- id: a\n  type: t\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4<<10 {
			return
		}
		s, problems, err := ParseYAML("f", data, full.Parse)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			var e *yaml.Error
			if !errors.As(p.Err, &e) || e.Line > bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r"))+2 {
				t.Fatalf("%T %v", p.Err, p.Err)
			}
		}
		if (countFaults(s) > 0) != (len(problems) > 0) {
			t.Fatalf("%d faults, %d problems", countFaults(s), len(problems))
		}
		for _, c := range s.Checks {
			if err := c.validate(); err != nil {
				t.Fatal(err)
			}
		}
		if !s.HasValid() {
			return
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		again, _, problems, err := ParseEndpoint(b)
		if err != nil || len(problems) != countFaults(s) || again.Hash() != s.Hash() {
			t.Fatalf("changed by the round trip through JSON: %v %v\n%s", err, problems, b)
		}
	})
}
