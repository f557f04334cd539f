package alarm

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/schedule/yaml/full"
)

// TestFormatIsReadBack formats rules of every kind: what Parse reads from it is formatted alike, and has the same
// meaning by its fields.
func TestFormatIsReadBack(t *testing.T) {
	set, problems := Parse("a.yaml", []byte(allKeys), full.Parse)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	rules := append(mustDefaults(t), set.Rules...)
	owned, problems := ParseCheck(checkOf(t, `
id: a/b
type: remote.http
alarms:
  old: {label: "it's {x}", criteria: "if (metric['a'] regex '\\d') { return WARNING, 'a \\'b\\'\t#{a}' }"}
`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	rules = append(rules, owned...)
	rules = append(rules, Rule{ID: "off", Disabled: true, For: Span{Count: 1}, Label: "yes"})
	for _, r := range rules {
		text := Format(&r)
		again, problems := Parse("b.yaml", []byte(text), full.Parse)
		if len(problems) > 0 || len(again.Rules) != 1 {
			t.Errorf("%s\n%v", text, problems)
			continue
		}
		b := again.Rules[0]
		if second := Format(&b); second != text {
			t.Errorf("it was\n%sand is\n%s", text, second)
		}
		if fieldsOf(&b) != fieldsOf(&r) {
			t.Errorf("%s\n%s\n%s", text, fieldsOf(&r), fieldsOf(&b))
		}
	}
}

func fieldsOf(r *Rule) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Label, r.Checks, r.Hosts, r.Each, r.For, r.Notify, r.Escalate, r.NotifyUnknown, r.Disabled, r.metrics, r.Message)
	for _, c := range r.Cases {
		fmt.Fprintln(&b, c.State, c.When, c.Message)
	}
	return b.String()
}

func TestSentences(t *testing.T) {
	for _, c := range []struct {
		sentence Sentence
		want     string
	}{
		{Sentence{Metric: "used", Aggregate: "last", Above: true, Number: 90, State: Warning}, `last("used") > 90`},
		{Sentence{Metric: "a b.c'd", Aggregate: "average", Over: "10m", Number: -0.5, State: Critical, For: Span{Time: 5 * time.Minute}}, `average("a b.c'd", "10m") < -0.5`},
		{Sentence{Metric: "x", Aggregate: "rate", Above: true, Number: 1e12, State: Warning, For: Span{Count: 3}}, `rate("x") > 1000000000000`},
	} {
		text, err := c.sentence.Expression()
		if err != nil || text != c.want {
			t.Errorf("%+v: %q %v, want %q", c.sentence, text, err, c.want)
			continue
		}
		entry, err := FormatSentence("page-1", "a label", CheckMatch{IDs: []string{"root"}}, HostMatch{Tags: []string{"web"}}, c.sentence)
		if err != nil {
			t.Error(err)
			continue
		}
		set, problems := Parse("page.yaml", []byte(entry), full.Parse)
		if len(problems) > 0 || len(set.Rules) != 1 {
			t.Errorf("%s: %v", entry, problems)
			continue
		}
		want := c.sentence
		if want.For == (Span{}) {
			want.For = Span{Count: 1}
		}
		if back, ok := set.Rules[0].Sentences(); !ok || !slices.Equal(back, []Sentence{want}) {
			t.Errorf("%s: %+v, want %+v", entry, back, want)
		}
	}
	for _, bad := range []Sentence{
		{Metric: "x", Aggregate: "median", State: Warning},
		{Metric: "", Aggregate: "last", State: Warning},
		{Metric: "a*", Aggregate: "last", State: Warning},
		{Metric: "x", Aggregate: "last", Over: "5m", State: Warning},
		{Metric: "x", Aggregate: "average", State: Warning},
		{Metric: "x", Aggregate: "average", Over: "soon", State: Warning},
		{Metric: "x", Aggregate: "last", State: Silent},
	} {
		if text, err := FormatSentence("x", "", CheckMatch{}, HostMatch{}, bad); err == nil {
			t.Errorf("%+v: %s", bad, text)
		}
	}
	for _, r := range mustDefaults(t) {
		if s, ok := r.Sentences(); ok {
			t.Errorf("%s is %+v", r.ID, s)
		}
	}
}

func TestLines(t *testing.T) {
	host := &Host{CPUs: 4}
	for id, want := range map[string]string{
		"disk":   "[{used 97 true true CRITICAL} {used 90 true true WARNING}]",
		"memory": "[{total 97 true true CRITICAL} {total 90 true true WARNING}]",
		"load":   "[{5m 20 false true CRITICAL} {5m 8 false true WARNING}]",
		"swap":   "[{swap_used 80 true true WARNING}]",
		"silent": "[]",
	} {
		r := defaultRule(t, id)
		if got := fmt.Sprint(r.Lines(host)); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	below := ruleOf(t, `90 > last("free") or last("a") > last("b")`)
	if got := fmt.Sprint(below.Lines(host)); got != "[{free 90 false false WARNING}]" {
		t.Error(got)
	}
}
