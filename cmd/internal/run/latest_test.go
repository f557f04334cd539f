package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/transport/transporttest"
)

// The latest result of each check is there after its delivery, and stays where a later run has
// others. A long one is there without its metrics.
func TestLatestResults(t *testing.T) {
	b := newBench(t, transporttest.Script{Schedule: scheduleOf("a", "b")})
	metrics := 1
	b.Registry = newRegistry(t, checkType("test.ok", func(_ context.Context, r collect.Request) (collect.Report, error) {
		var rep collect.Report
		for i := range metrics {
			rep.Metrics = append(rep.Metrics, collect.Metric{Name: fmt.Sprint("m", i), Type: collect.String, Value: "v"})
		}
		return rep, nil
	}))
	latest := func() string {
		t.Helper()
		all, err := b.Latest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var s []string
		for _, r := range all {
			s = append(s, fmt.Sprintf("%s %s %d at %s", r.CheckID, r.State, len(r.Metrics), r.Time.UTC().Format("15:04")))
		}
		return strings.Join(s, ", ")
	}
	rep := b.run()
	if got, want := latest(), "a available 1 at 03:04, b available 1 at 03:04"; got != want || b.waiting() != 0 {
		t.Errorf("%s; %d wait", got, b.waiting())
	}
	if len(rep.Before) != 0 {
		t.Errorf("before the first run: %v", rep.Before)
	}
	b.clock = b.clock.Add(time.Minute)
	metrics = 2000
	rep = b.run()
	if got, want := latest(), "a available 0 at 03:05, b available 0 at 03:05"; got != want {
		t.Error(got)
	}
	if before := rep.Before["a"]; len(rep.Before) != 2 || before.Time.Minute() != 4 || len(before.Metrics) != 1 {
		t.Errorf("before the second run: %+v", rep.Before)
	}
}

// A run of all checks leaves out none but what is disabled or another run has, and does not move the
// due times.
func TestRunOfAllChecks(t *testing.T) {
	b := newBench(t, transporttest.Script{Schedule: scheduleOf("a", "b")})
	b.run()
	b.clock = b.clock.Add(15 * time.Second)
	b.run() // for what is due again soon after the first run
	idle := b.run()
	if idle.Due != 0 || idle.Scheduled != 2 || idle.NextID == "" || !idle.Next.After(b.clock) {
		t.Fatalf("%+v", idle)
	}
	clear(b.ran)
	var seen []string
	rep, err := b.Run(t.Context(), Options{
		Deliver: true, KeepOutcomes: true, All: true,
		Checking: func(running []string, all int) { seen = append(seen, fmt.Sprint(running, all)) },
	})
	if err != nil || rep.Due != 2 || rep.Kept != 2 || b.ran["a"] != 1 || b.ran["b"] != 1 {
		t.Errorf("%+v, %v, ran %v", rep, err, b.ran)
	}
	if want := []string{"[a b] 2", "[b] 2", "[] 2"}; !slices.Equal(seen, want) {
		t.Errorf("progress %q", seen)
	}
	after := b.run()
	if after.Due != 0 || after.NextID != idle.NextID || !after.Next.Equal(idle.Next) {
		t.Errorf("next was %s at %s, is %s at %s", idle.NextID, idle.Next, after.NextID, after.Next)
	}
	// A due time may be satisfied 10 s early.
	if b.clock = idle.Next.Add(-10*time.Second - time.Millisecond); b.run().Due != 0 {
		t.Error("a check was due before the next one")
	}
	b.clock = idle.Next.Add(-10 * time.Second)
	got := b.run()
	if got.Due != 1 || got.Outcomes[0].Result.CheckID != idle.NextID || got.NextID != "" || got.Scheduled != 2 {
		t.Errorf("%s should have been due: %+v", idle.NextID, got)
	}
}

func TestInterruptedRunTellsWhatItReleased(t *testing.T) {
	b := newBench(t, transporttest.Script{Schedule: scheduleOf("a", "b", "c")})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b.during = func(check string) {
		if check == "b" {
			cancel()
		}
	}
	rep, err := b.Run(ctx, Options{Deliver: true})
	if err != nil || rep.Due != 3 || rep.Kept != 1 || rep.Released != 2 {
		t.Errorf("%+v, %v", rep, err)
	}
}
