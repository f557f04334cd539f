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
