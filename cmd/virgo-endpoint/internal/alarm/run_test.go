package alarm

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
	"virgo/schedule/alarm"
	"virgo/schedule/yaml/full"
)

// An engine that follows a feed, beside hosts that deliver, readers and people who acknowledge.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(monday(0, 0)))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		e := &endpoint{Memory: &intaketest.Memory{}, control: &watchtest.Memory{}}
		e.access = admitted(t, e.Memory)
		changed := make(chan intake.AgentNumber, 100)
		engine, err := New(ctx, Options{Rules: LoadRules(t.TempDir(), full.Parse, time.Now), Store: e.control.Alarms(), Agents: e.Memory,
			History: e.Memory, Results: e.Memory, Feed: e.Memory, Silences: e.control.Silences(), Queue: e.control.Queue(),
			Settings: e.control.Settings(), Now: time.Now, Log: slog.New(slog.DiscardHandler), Changed: func(agents ...intake.AgentNumber) {
				for _, a := range agents {
					changed <- a
				}
			}})
		if err != nil {
			t.Fatal(err)
		}
		passing := feed.New(e.Memory, slog.New(slog.DiscardHandler), time.Now)
		passing.Add(engine, feed.FromOldest)
		in := passing.Wake(e.Memory)
		var all sync.WaitGroup
		all.Go(func() { engine.Run(ctx) })
		all.Go(func() { _ = passing.Run(ctx) })
		for i := range 3 {
			host := fmt.Sprintf("host%d", i)
			all.Go(func() {
				for minute := 0; ctx.Err() == nil && (i > 0 || minute < 30); minute++ {
					r := intake.Result{ResultID: fmt.Sprint(minute), CheckID: "root", CheckType: "agent.filesystem", State: "available",
						Time: time.Now(), Late: minute%7 == 3, Params: []byte(`{"min_check_period":60000,"metrics":[["/",{"used":{"t":"double","v":"95"},"avail":{"t":"double","v":"5"}}]]}`)}
					if _, err := in.Append(ctx, []intake.Arrival{{AgentID: host, Access: e.access, Received: time.Now(), Results: []intake.Result{r}}}); err != nil {
						return
					}
					time.Sleep(time.Minute)
				}
			})
			all.Go(func() {
				for ctx.Err() == nil {
					for _, s := range engine.Of(host) {
						_ = engine.Acknowledge(ctx, s.Key, "ann", time.Now())
					}
					engine.Marks(1)
					time.Sleep(17 * time.Second)
				}
			})
		}
		time.Sleep(50 * time.Minute)
		states := engine.Standing()
		var silent, warned int
		for _, s := range states {
			switch {
			case s.Rule == "silent" && s.State == alarm.Silent && s.AgentID == "host0":
				silent++
			case s.Rule == "disk" && s.State == alarm.Warning && s.AckedBy == "ann":
				warned++
			}
		}
		if silent != 1 || warned != 2 {
			t.Errorf("%d silent, %d with full disks: %+v", silent, warned, states)
		}
		if len(changed) == 0 {
			t.Error("nobody learned that alarms changed")
		}
		if at, err := AtWork(ctx, e.control.Settings()); err != nil || time.Since(at) > 2*markEvery {
			t.Errorf("at work last %v, %v", at, err)
		}
		cancel()
		all.Wait()
		if engine.Cursor() == 0 {
			t.Error("no result is noted as judged")
		}
	})
}
