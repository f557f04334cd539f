package link

import (
	"fmt"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
)

// judged returns a configuration with a schedule of a host's usual checks that is judged.
func judged(b *testing.B) (*Config, State) {
	b.Helper()
	registry, err := collect.NewRegistry(collect.Type{Name: "agent.cpu", Checker: collect.CheckerFunc(nil)})
	if err != nil {
		b.Fatal(err)
	}
	c := &Config{Version: "1.2.3", Policy: policy.Default(), Registry: registry}
	st := State{HasCached: true}
	for i := range 20 {
		st.Cached.Schedule.Checks = append(st.Cached.Schedule.Checks, schedule.Check{
			ID: fmt.Sprint(i), Type: "agent.cpu", Period: time.Minute, Timeout: time.Minute, FromEndpoint: true,
		})
	}
	if !c.Judge(&st) {
		b.Fatal("nothing was judged")
	}
	return c, st
}

// What the policy costs an ordinary run: comparing its hash, and a job for each check that is due.
func BenchmarkPolicyOfOrdinaryRun(b *testing.B) {
	c, st := judged(b)
	b.ReportAllocs()
	for b.Loop() {
		if c.Judge(&st) {
			b.Fatal("judged again")
		}
		for _, k := range st.Cached.Schedule.Checks {
			if job := c.Job(k, nil); job.Guard != nil || !job.Check.MayRun() {
				b.Fatal("a figure is not allowed as it is")
			}
		}
	}
}

// The job of a check has the values of the secrets; the schedule, which may be stored again, has not.
func TestSecretsStayOutOfTheSchedule(t *testing.T) {
	login := collect.Type{Name: "test.login", Checker: collect.CheckerFunc(nil), Details: []collect.Detail{
		{Name: "password", Role: schedule.Secret}, {Name: "headers", Role: schedule.Headers},
	}}
	registry, err := collect.NewRegistry(login)
	if err != nil {
		t.Fatal(err)
	}
	all := policy.Policy{Checks: []policy.Rule{{Keyword: policy.All}}}
	all.Secrets = []policy.SecretRules{{Name: "db", Allow: all.Checks}}
	c := &Config{
		Policy: &all, Registry: registry, Secret: func(string) (string, error) { return "hunter2", nil },
	}
	st := State{HasCached: true}
	st.Cached.Schedule.Checks = []schedule.Check{{ID: "a", Type: "test.login", FromEndpoint: true, Details: schedule.Details{
		"password": "secret:db", "headers": map[string]any{"X-Key": "secret:db", "Accept": "x"},
	}}}
	c.Judge(&st)
	k := st.Cached.Schedule.Checks[0]
	job := c.Job(k, nil)
	if got := fmt.Sprint(job.Check.Details); got != "map[headers:map[Accept:x X-Key:hunter2] password:hunter2]" {
		t.Errorf("the job has %s", got)
	}
	text := k
	text.Details = schedule.Details{"headers": `{"X-Key": "secret:db"}`}
	if got := fmt.Sprint(c.Job(text, nil).Check.Details); got != "map[headers:map[X-Key:hunter2]]" {
		t.Errorf("headers in a text: the job has %s", got)
	}
	if got := fmt.Sprint(k.Details); got != "map[headers:map[Accept:x X-Key:secret:db] password:secret:db]" {
		t.Errorf("the schedule has %s", got)
	}
}

// A script that is put into the owner's folder after the schedule came is judged in the next run.
func TestScriptsThatComeLaterAreJudged(t *testing.T) {
	none, err := collect.NewRegistry()
	if err != nil {
		t.Fatal(err)
	}
	some, err := collect.NewRegistry(collect.Type{Name: "script.x", Checker: collect.CheckerFunc(nil), OwnDetails: true})
	if err != nil {
		t.Fatal(err)
	}
	c := &Config{Policy: &policy.Policy{Checks: []policy.Rule{{Keyword: policy.Scripts}}}, Registry: none}
	st := State{HasCached: true}
	st.Cached.Schedule.Checks = []schedule.Check{{ID: "a", Type: "script.x", FromEndpoint: true}}
	if !c.Judge(&st) || c.Judge(&st) || st.Cached.Schedule.Checks[0].MayRun() {
		t.Fatalf("a type that nobody knows: %+v", st.Cached.Schedule.Checks)
	}
	c.Registry = some
	if !c.Judge(&st) || c.Judge(&st) || !st.Cached.Schedule.Checks[0].MayRun() {
		t.Errorf("a type that is known by now: %+v", st.Cached.Schedule.Checks)
	}
}
