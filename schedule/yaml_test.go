package schedule

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"virgo/schedule/strictyaml"
)

func TestParseYAML(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "# none yet\n", ``},
		{"one check", "id: a\ntype: agent.cpu\n", `{"id":"a","type":"agent.cpu","details":{},"period":60,"timeout":60,"disabled":false}`},
		{
			"a list, with all keys",
			"- id: a\n  type: agent.filesystem\n  label: The root\n  period: 5m\n  timeout: 30\n  disabled: true\n  details:\n    target: /\n    n: 1.50\n    s: \"007\"\n    l: [a, 1, {b: ~}]\n  target_alias: x\n  monitoring_zones_poll: [z]\n  alarms:\n    c: 1\n- {id: 1001, type: agent.cpu, period: 1d}\n",
			`{"id":"a","type":"agent.filesystem","details":{"l":["a",1,{"b":null}],"n":1.50,"s":"007","target":"/"},"period":300,"timeout":30,"disabled":true,"label":"The root","target_alias":"x","monitoring_zones_poll":["z"],"alarms":{"c":1}}` + "\n" +
				`{"id":"1001","type":"agent.cpu","details":{},"period":86400,"timeout":60,"disabled":false}`,
		},
		{"values left out", "id: a\ntype: t\ndetails:\nperiod:\nlabel:\n", `{"id":"a","type":"t","details":{},"period":60,"timeout":60,"disabled":false}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			checks, err := ParseYAML("f.yaml", []byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := text(Schedule{checks}); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestParseYAMLIsStrict(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		kind           error
	}{
		{"an unknown key", "id: a\ntype: t\nperoid: 60\n", `f.yaml:3: unknown key "peroid"`, nil},
		{"a double key", "id: a\ntype: t\nid: b\n", `f.yaml:3: key "id" is given twice, first in line 1`, nil},
		{"a double id", "- id: a\n  type: t\n- id: a\n  type: t\n", `f.yaml:3: check "a": id is given twice, first in line 1`, ErrDouble},
		{"no id", "- type: t\n", "f.yaml:1: check has no id", ErrNoID},
		{"no type", "\n- id: a\n", "f.yaml:2: check has no type", ErrNoType},
		{"an id that is a list", "id: [a]\ntype: t\n", "f.yaml:1: a list, where the text of id belongs", nil},
		{"an id of 10 MB", "id: " + strings.Repeat("x", 10<<20) + "\ntype: t\n", "f.yaml: larger than 4194304 bytes", nil},
		{"an id of 64 KB", "id: " + strings.Repeat("x", 1<<16) + "\ntype: t\n", "f.yaml:1: not a name: id is 65536 bytes long", ErrName},
		{"a period of 0", "id: a\ntype: t\nperiod: 0\n", "f.yaml:3: period is out of bounds", ErrPeriod},
		{"a period of -1", "id: a\ntype: t\n\nperiod: -1\n", "f.yaml:4: period is out of bounds", ErrPeriod},
		{"a period of 1e12", "id: a\nperiod: 1000000000000\ntype: t\n", "f.yaml:2: period is out of bounds", ErrPeriod},
		{"a period with an exponent", "id: a\nperiod: 1e12\ntype: t\n", `f.yaml:2: period "1e12": not a span of time`, nil},
		{"half a second", "id: a\nperiod: 0.5\ntype: t\n", "f.yaml:2: period is out of bounds", ErrPeriod},
		{"half a second with a unit", "id: a\nperiod: 500ms\ntype: t\n", "f.yaml:2: period is out of bounds", ErrPeriod},
		{"seconds in quotes", "id: a\nperiod: '60'\ntype: t\n", `f.yaml:2: period "60": not a span of time`, nil},
		{"a period that is true", "id: a\nperiod: true\ntype: t\n", "f.yaml:2: true or false, where the seconds of period belongs", nil},
		{"a timeout of two hours", "id: a\ntype: t\ntimeout: 2h\n", "f.yaml:3: timeout is out of bounds", ErrTimeout},
		{"disabled as text", "id: a\ntype: t\ndisabled: \"yes\"\n", "f.yaml:3: text, where true or false of disabled belongs", nil},
		{"details as a list", "id: a\ntype: t\ndetails: [a]\n", "f.yaml:3: a list, where the mapping of details belongs", nil},
		{"an octal", "id: a\ntype: t\ndetails:\n  mode: 0644\n", `f.yaml:4: "0644" is read as a number by some and as text by others`, nil},
		{"an infinity", "id: a\ntype: t\ndetails:\n  max: .inf\n", `f.yaml:4: ".inf" is read`, nil},
		{"large details", "id: a\ntype: t\ndetails:\n  x: " + strings.Repeat("x", 100_000) + "\n", "f.yaml:3: details cannot be taken: larger", ErrDetails},
		{"deep details", "id: a\ntype: t\ndetails: {x: " + strings.Repeat("[", 25) + strings.Repeat("]", 25) + "}\n", "f.yaml:3: details cannot be taken: nested", ErrDetails},
		{"deep alarms", "id: a\ntype: t\nalarms: " + strings.Repeat("[", 25) + strings.Repeat("]", 25) + "\n", "f.yaml:3: details cannot be taken: alarms", ErrDetails},
		{"text", "agent.cpu\n", "f.yaml:1: text, where a check or a list of checks belongs", nil},
		{"a list of texts", "- agent.cpu\n", "f.yaml:1: text, where a check belongs", nil},
		{"no YAML", "id: a\n\ttype: t\n", "f.yaml:", nil},
		{"a schedule's JSON", `{"checks":[]}`, `f.yaml:1: unknown key "checks"`, nil},
		{"too many checks", strings.Repeat("- a\n", MaxChecks+1), "f.yaml: too many checks", ErrTooMany},
		{"a control character", "id: \"a\\e[2J\"\ntype: t\n", "f.yaml:1: not a name", ErrName},
	} {
		t.Run(c.name, func(t *testing.T) {
			checks, err := ParseYAML("f.yaml", []byte(c.in))
			var e *strictyaml.Error
			if !errors.As(err, &e) {
				t.Fatalf("checks %v, error %v", checks, err)
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

func TestUnknownKeyOfACheckHints(t *testing.T) {
	_, err := ParseYAML("f.yaml", []byte("id: a\ntype: t\nperoid: 60\n"))
	var e *strictyaml.Error
	if !errors.As(err, &e) || e.Hint() != `did you mean "period"?` {
		t.Errorf("error %v, hint %q", err, e.Hint())
	}
}

// FuzzParseYAML: what is taken is within the limits and can be sent.
func FuzzParseYAML(f *testing.F) {
	for _, s := range []string{
		"id: a\ntype: agent.cpu\n", "- id: a\n  type: t\n  details: {a: [1, 2.5, ~, true, 'x']}\n  alarms: {x: \"<\"}\n- id: 7\n  type: t\n  period: 5m\n",
		"id: a\nid: b", "- {id: a, type: t, timeout: 1d}", "id: |\n  a\ntype: >\n  t\n", "id: \"\\u0000\"\ntype: t",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4<<10 {
			return
		}
		checks, err := ParseYAML("f", data)
		if err != nil {
			var e *strictyaml.Error
			if !errors.As(err, &e) {
				t.Fatalf("%T", err)
			}
			return
		}
		s := Schedule{checks}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		again, _, problems, err := ParseEndpoint(b)
		if err != nil || len(problems) > 0 || again.Hash() != s.Hash() {
			t.Fatalf("not the same through the wire: %v %v\n%s", err, problems, b)
		}
	})
}
