package alarm

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
	"virgo/schedule/yaml/full"
)

// replayed are the spans in which rules would have raised alarms for web1, one line each.
func (e *endpoint) replayed(t *testing.T, text string, from, to time.Time) []string {
	t.Helper()
	rules, problems := RulesOf("trial.yaml", []byte(text), full.Parse, time.Now)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	agents, err := e.Agents(t.Context(), "web1")
	if err != nil || len(agents) != 1 {
		t.Fatal(agents, err)
	}
	var lines []string
	hosts := []ReplayHost{{Agent: agents[0].Number, Facts: rule.Host{ID: "web1", Name: "WEB1"}}}
	err = Replay(t.Context(), rules, hosts, e.Memory, from, to, func(id string) bool { return id == "now" }, func(f watch.Firing) error {
		peak, end := "-", "lasts"
		if f.Peak != nil {
			peak = fmt.Sprintf("%g over %g", *f.Peak, *f.Threshold)
		}
		if !f.To.IsZero() {
			end = f.To.UTC().Format("15:04")
		}
		lines = append(lines, fmt.Sprintf("%s %s-%s %s", f.State, f.From.UTC().Format("15:04"), end, peak))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// What a rule would have said, of results that came in time and late ones alike: each at its place in time.
func TestReplay(t *testing.T) {
	e := newEndpoint(t, nil)
	figures := map[int]float64{10: 85, 11: 88, 12: 84, 13: 97, 14: 99, 15: 70, 16: 50, 28: 85, 29: 91}
	var lateOnes []intake.Result
	for minute := range 30 {
		e.now = monday(12, minute)
		used := figures[minute]
		if used == 0 {
			used = 50
		}
		if minute >= 12 && minute < 15 {
			lateOnes = append(lateOnes, e.result("root", "agent.filesystem", late(e.now), disk(used)...))
			continue
		}
		e.store(t, "web1", e.result("root", "agent.filesystem", nil, disk(used)...))
	}
	e.store(t, "web1", lateOnes...)
	const rules = now
	want := []string{"WARNING 12:10-12:13 88 over 80", "CRITICAL 12:13-12:15 99 over 95", "WARNING 12:28-lasts 91 over 80"}
	if got := e.replayed(t, rules, monday(12, 0), monday(12, 30)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// A span that began before is told as it is, one that ended before is not.
	if got := e.replayed(t, rules, monday(12, 14), monday(12, 28)); !slices.Equal(got, want[1:2]) {
		t.Errorf("%q, want %q", got, want[1:2])
	}
	if err := Replay(t.Context(), nil, nil, e.Memory, monday(0, 0), monday(0, 0).Add(2*MaxReplay), nil, nil); err == nil {
		t.Error("two months are replayed")
	}
}

// The rule of a host is the one with the most specific override; of two of the same kind the later file counts.
func TestPrecedence(t *testing.T) {
	e := newEndpoint(t, map[string]string{
		"a.yaml": now + `
- override: now
  warning: last("used") > 81
- override: now
  hosts: {ids: [web1]}
  warning: last("used") > 84
`,
		"b.yaml": `
- override: now
  warning: last("used") > 82
- override: now
  hosts: {tags: [db]}
  warning: last("used") > 83
- override: silent
  disabled: true
  hosts: {ids: [web1]}
- alarm: memory
  checks: {type: [agent.memory]}
  critical: last("total") > 1
`,
	})
	rules := e.opt.Rules
	for _, c := range []struct {
		host rule.Host
		want string
	}{
		{rule.Host{ID: "other"}, `last("used") > 82`},
		{rule.Host{ID: "other", Tags: []string{"db"}}, `last("used") > 83`},
		{rule.Host{ID: "web1", Tags: []string{"db"}}, `last("used") > 84`},
	} {
		s := rules.For(&c.host, CheckRef{ID: "root", Type: "agent.filesystem"})
		i := slices.IndexFunc(s.Rules, func(r rule.Rule) bool { return r.ID == "now" })
		if i < 0 {
			t.Fatalf("%v has no such rule", c.host)
		}
		warning := slices.IndexFunc(s.Rules[i].Cases, func(k rule.Case) bool { return k.State == rule.Warning })
		if got := s.Rules[i].Cases[warning].When.String(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.host, got, c.want)
		}
		if again := rules.For(&c.host, CheckRef{ID: "root", Type: "agent.filesystem"}); again != s {
			t.Error("each check has a selection of its own")
		}
		if own := rules.For(&c.host, CheckRef{}); (own.find("silent") == nil) != (c.host.ID == "web1") {
			t.Errorf("%+v: silent is %v", c.host, own.find("silent"))
		}
	}
	memory := rules.For(&rule.Host{ID: "other"}, CheckRef{ID: "m", Type: "agent.memory"}).find("memory")
	if memory == nil || len(memory.Cases) != 1 || memory.File != "b.yaml" {
		t.Errorf("the default rule is not replaced: %+v", memory)
	}
	why, ok := rules.Why(&rule.Host{ID: "web1", Tags: []string{"db"}}, "now")
	if !ok || why.File != "a.yaml" || len(why.Overrides) != 4 || why.Overrides[3].Line != 10 {
		t.Errorf("%+v", why)
	}
}

// Of a file that has a mistake now, the last good version of what has it stays; a file that is gone is gone.
func TestRulesKeepTheirLastGoodVersion(t *testing.T) {
	e := newEndpoint(t, map[string]string{"a.yaml": now + "- alarm: other\n  critical: last(\"x\") > 1\n"})
	rules := e.opt.Rules
	has := func(id string) bool {
		return slices.ContainsFunc(rules.All(), func(r rule.Rule) bool { return r.ID == id })
	}
	e.now = e.now.Add(time.Hour)
	e.rules(t, "a.yaml", "- alarm: now\n  critical: lats(\"x\") > 1\n- alarm: third\n  critical: last(\"x\") > 1\n")
	if !rules.Refresh() || !has("now") || has("other") || !has("third") {
		t.Errorf("now %v, other %v, third %v", has("now"), has("other"), has("third"))
	}
	if problems, err := rules.Problems(); err != nil || len(problems) != 1 {
		t.Error(problems, err)
	}
	if news := rules.news(); len(news) != 1 {
		t.Errorf("%q", news)
	}
	if news := rules.news(); len(news) != 0 {
		t.Errorf("told again: %q", news)
	}
	e.rules(t, "a.yaml", "- [")
	if rules.Refresh(); !has("now") || !has("third") {
		t.Error("a file that cannot be read took its rules away")
	}
	e.rules(t, "a.yaml", "[]\n")
	if rules.Refresh(); has("now") || has("third") {
		t.Error("rules that were taken away stay")
	}
	e.rules(t, "b.yaml", now)
	e.rules(t, "c.yaml", now+"- override: nothing\n  disabled: true\n")
	rules.Refresh()
	if problems, _ := rules.Problems(); len(problems) != 2 {
		t.Error(problems)
	}
}
