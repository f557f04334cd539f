package live

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
)

const someCPU = `[[null,{"usage_average":{"t":"double","v":"10","u":"percent"}}]]`

// What was stored before the start is there, and a result that is read and followed counts once.
func TestLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		for range 5 {
			f.put(t, "a", "cpu", "agent.cpu", someCPU)
		}
		f.put(t, "b", "cpu", "agent.cpu", `[[null,{"usage_average":{"t":"double","v":"20"},"model":{"t":"string","v":"x"}}]]`)
		f.put(t, "c", "cpu", "agent.cpu", someCPU)
		time.Sleep(time.Hour) // a and b are silent
		f.put(t, "b", "cpu", "agent.cpu", `[[null,{"usage_average":{"t":"double","v":"20"}}]]`)
		counting := &countingSource{Memory: f.Memory}
		later := New(counting, time.Now)
		if later.Loaded() {
			t.Error("loaded before anything was read")
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- later.Run(ctx) }()
		time.Sleep(time.Second)
		synctest.Wait()
		if !later.Loaded() {
			t.Error("not loaded")
		}
		if counting.reads != 1+2 {
			t.Errorf("%d reads: one for what is recent, and one for each of two silent hosts", counting.reads)
		}
		for agent, want := range map[string]string{"a": "10 %", "b": "20 %", "c": "10 %"} {
			if r, _ := later.Row(agent, time.Now()); r.Figures[CPU].Text != want {
				t.Errorf("%s: %+v, want %s", agent, r.Figures[CPU], want)
			}
		}
		before := later.Values("a")
		err := later.Take(t.Context(), []feed.Item{{Agent: 1, Result: &intake.Result{Seq: 2, AgentID: "a", CheckID: "cpu", CheckType: "agent.cpu",
			State: "available", Time: time.Now(), Received: time.Now()}}})
		if err != nil || !slices.Equal(later.Values("a"), before) || len(before) != 1 {
			t.Errorf("an older result was taken: %v, %v", later.Values("a"), err)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// A countingSource counts how often results are read.
type countingSource struct {
	*intaketest.Memory
	reads int
}

func (s *countingSource) Results(ctx context.Context, f intake.Filter, fn func(intake.Result) error) error {
	s.reads++
	return s.Memory.Results(ctx, f, fn)
}

// Who the hosts are is read again: names, tags, removal, checks that are no longer in the schedule.
func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		f.put(t, "a", "cpu", "agent.cpu", someCPU)
		f.put(t, "a", "old", "agent.plugin", `[[null,{"n":{"t":"int64","v":"1"}}]]`)
		f.put(t, "b", "cpu", "agent.cpu", someCPU)
		if _, err := f.TagAgent(t.Context(), "a", []string{"web"}, nil); err != nil {
			t.Fatal(err)
		}
		if err := f.RenameAgent(t.Context(), "a", "c"); err != nil {
			t.Fatal(err)
		}
		if err := f.RemoveAgent(t.Context(), "b", time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(refreshEvery)
		synctest.Wait()
		if _, ok := f.Row("a", time.Now()); ok {
			t.Error("the old id has a row")
		}
		r := f.row(t, "c")
		if !slices.Equal(r.Tags, []string{"web"}) || r.Figures[CPU].Text != "10 %" || r.Name != "A (c)" {
			t.Errorf("%+v", r)
		}
		if rows := f.Rows(time.Now()); len(rows) != 1 {
			t.Errorf("%d rows", len(rows))
		}
		for range 3 {
			time.Sleep(intake.RefusedFor)
			f.put(t, "c", "cpu", "agent.cpu", someCPU)
		}
		time.Sleep(refreshEvery)
		synctest.Wait()
		if checks := f.Checks("c"); len(checks) != 1 || checks[0].ID != "cpu" {
			t.Errorf("%+v", checks)
		}
	})
}

// A subscriber hears of each host whose row may differ, at most once a second; time alone changes rows as well.
func TestSubscribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		f.put(t, "a", "cpu", "agent.cpu", someCPU)
		f.put(t, "b", "cpu", "agent.cpu", someCPU)
		time.Sleep(time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		changes := f.Subscribe(ctx)
		slow := f.Subscribe(ctx)
		synctest.Wait()
		hear := func(from <-chan Change) string {
			var list []string
			for {
				select {
				case c := <-from:
					for _, n := range c.Hosts {
						list = append(list, fmt.Sprint(n))
					}
					if c.Resync {
						list = append(list, "all")
					}
					slices.Sort(list)
					return strings.Join(list, " ")
				case <-time.After(3 * time.Second):
					return "nothing"
				}
			}
		}
		if got := hear(changes); got != "nothing" {
			t.Errorf("%s changed in a minute of silence", got)
		}
		f.Touch(1)
		f.Touch(2, 1)
		begun := time.Now()
		if first, second := hear(changes), hear(changes); first+"|"+second != "1 2|nothing" && first+"|"+second != "1|1 2" {
			t.Errorf("%s, then %s", first, second)
		}
		f.Touch(1)
		if hear(changes) != "1" || time.Since(begun) < changesEvery {
			t.Errorf("after %v", time.Since(begun))
		}
		time.Sleep(2 * time.Minute) // both become silent
		if got := hear(changes); got != "1 2" {
			t.Errorf("%s became silent", got)
		}
		f.SetAlarms(marks{})
		if got := hear(changes); got != "all" {
			t.Errorf("%s changed with the alarms", got)
		}
		if first, second := hear(slow), hear(slow); first != "1 2" && first != "1" || second != "all" {
			t.Errorf("whoever reads slowly got %q and %q", first, second)
		}
		cancel()
		synctest.Wait()
		if _, ok := <-changes; ok {
			t.Error("the channel is open after the end")
		}
		if n := len(f.subscribers.list); n != 0 {
			t.Errorf("%d subscribers are left", n)
		}
	})
}

// A host with more values than are kept costs its own, and no others.
func TestSeriesAreBounded(t *testing.T) {
	table := New(&intaketest.Memory{}, time.Now)
	take := func(agent intake.AgentNumber, check string, n int) {
		r := intake.Result{Seq: int64(n), AgentID: fmt.Sprint(agent), CheckID: check, CheckType: "t", State: "available", Time: time.Now(), Received: time.Now()}
		var metrics []intake.Metric
		for i := range n {
			metrics = append(metrics, intake.Metric{Name: fmt.Sprint(i), Type: "int64", Value: "1"})
		}
		if err := table.Take(t.Context(), []feed.Item{{Agent: agent, Result: &r, Metrics: metrics}}); err != nil {
			t.Fatal(err)
		}
	}
	take(1, "c", MaxSeriesOfHost+10)
	take(1, "d", 5)
	take(2, "c", 7)
	if len(table.Values("1")) != MaxSeriesOfHost || table.Left() != 15 || len(table.Values("2")) != 7 {
		t.Errorf("%d values, %d left out; %d of another host", len(table.Values("1")), table.Left(), len(table.Values("2")))
	}
	take(1, "c", MaxSeriesOfHost+11)
	take(1, "c", 3+MaxSeriesOfHost*2)
	for i := range intake.MaxChecks + 5 {
		take(2, fmt.Sprint("n", i), 1)
	}
	if n := len(table.Checks("2")); n != intake.MaxChecks {
		t.Errorf("%d checks", n)
	}
	hosts := 0
	table.Each(time.Now(), func(h *Host, checks []Check, values []Sample) bool {
		hosts++
		return len(values) == MaxSeriesOfHost
	})
	if hosts != 2 {
		t.Errorf("%d hosts", hosts)
	}
}

// After a new start, too, a silent host that delivered late before is told apart from one that never did.
func TestSilentAfterStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		f.put(t, "a", "cpu", "agent.cpu", someCPU, func(r *intake.Result) { r.Late, r.Time = true, time.Now().Add(-time.Hour) })
		f.put(t, "a", "cpu", "agent.cpu", someCPU)
		f.put(t, "b", "cpu", "agent.cpu", someCPU)
		time.Sleep(time.Hour)
		later := New(f.Memory, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- later.Run(ctx) }()
		time.Sleep(time.Second)
		synctest.Wait()
		for agent, want := range map[string]string{"a": "silent; 60 min of results may be waiting there", "b": "down, or off the network"} {
			if r, _ := later.Row(agent, time.Now()); r.Situation != want {
				t.Errorf("%s: %q, want %q", agent, r.Situation, want)
			}
		}
		cancel()
		<-ended
	})
}
