package collecttest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParseContract(t *testing.T) {
	got := parseContract("# Types\n" +
		"- **new** TLS details of a check: `ca_file` (PEM),\n  `key_file`.\n- another bullet with `not_one`\n\n" +
		"| type | details | metrics |\n|---|---|---|\n" +
		"| `agent.a` **new** | `host` (localhost), `url` (`http://x/y?auto`), `metrics`: {`path`, `type`}; TLS details | double `a_b`, `c.*`, `1m`; from `show all` |\n" +
		"| `remote.b` | – | as named |\n" +
		"| `other.c` | `x` | `y` |\n")
	want := Contract{
		"agent.a":  {Details: strings.Fields("host url metrics ca_file key_file"), Metrics: strings.Fields("a_b c.* 1m")},
		"remote.b": {},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// A metric too many on either side fails the test.
func TestContractMetrics(t *testing.T) {
	contract := Contract{"agent.a": {Metrics: strings.Fields("a b.* c")}, "agent.b": {}}
	reported := func(names string) map[string]Metric {
		m := make(map[string]Metric)
		for name := range strings.FieldsSeq(names) {
			m[name] = Metric{}
		}
		return m
	}
	for _, c := range []struct{ typ, reported, want string }{
		{"agent.a", "a b.x b.y c", ""},
		{"agent.a", "a b.x", "CHECKS.md lists c of agent.a, which does not report it"},
		{"agent.a", "a c", "CHECKS.md lists b.* of agent.a, which does not report it"},
		{"agent.a", "a b.x c d", "agent.a reports d, which CHECKS.md does not list"},
		{"agent.b", "anything", ""},
	} {
		var failed failures
		contract.Metrics(&failed, c.typ, reported(c.reported))
		if got := strings.Join(failed.all, "; "); got != c.want {
			t.Errorf("%s: %q, want %q", c.reported, got, c.want)
		}
	}
}

// failures records what a test that uses it would fail with.
type failures struct {
	testing.TB
	all []string
}

func (f *failures) Helper() {}

func (f *failures) Errorf(format string, args ...any) {
	f.all = append(f.all, fmt.Sprintf(format, args...))
}
