package run

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/internal/link"
	"virgo/collect"
	"virgo/schedule"
	"virgo/spool"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// A run that finds the spool locked ends and runs no check: results without claims would be
// doubles.
func TestLockedSpoolEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newPipeBench(t, transporttest.Script{Schedule: scheduleOf("a")})
		defer b.endpoint.Close()
		b.run()
		b.clock = b.clock.Add(time.Minute)
		err := b.Spool.Update(t.Context(), func(*spool.Tx) error {
			if _, err := b.Run(t.Context(), Options{Deliver: true}); !errors.Is(err, spool.ErrLocked) {
				t.Errorf("the run ended with %v", err)
			}
			return nil
		})
		if err != nil || b.ran["a"] != 1 {
			t.Errorf("%v, the check ran %d times", err, b.ran["a"])
		}
	})
}

// The check of the agent itself cannot read the spool while the claiming transaction is open.
func TestAgentVirgoRunsInTheClaimingTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newPipeBench(t, transporttest.Script{})
		defer b.endpoint.Close()
		b.Endpoints = nil
		waiting := uint64(0)
		b.Registry = newRegistry(t, checkType("agent.virgo", func(ctx context.Context, _ collect.Request) (collect.Report, error) {
			self, err := b.Self(ctx)
			if err == nil {
				waiting = *self.SpoolResults
			}
			return collect.Report{}, err
		}))
		writeCheckOf(t, b.ChecksDir, "self", "agent.virgo")
		b.backlog(3)
		var points []string
		b.hook = func(point string) { points = append(points, point) }
		b.run()
		if want := []string{"append.before", "append.after"}; !slices.Equal(points, want) || waiting != 3 {
			t.Errorf("the run came by %q, want %q; %d results were waiting, want 3", points, want, waiting)
		}
	})
}

// A check that does not end leaves time to persist and deliver what it gave.
func TestChecksEndBeforeTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newPipeBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("endless")})
		defer b.endpoint.Close()
		b.Registry = newRegistry(t, checkType("test.ok", func(ctx context.Context, _ collect.Request) (collect.Report, error) {
			<-ctx.Done()
			return collect.Report{}, ctx.Err()
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // less than the check's own limit
		defer cancel()
		rep, err := b.Run(ctx, Options{Deliver: true})
		if err != nil || ctx.Err() != nil || rep.Delivery.Delivered != 1 {
			t.Errorf("%+v, %v, %v", rep, err, ctx.Err())
		}
	})
}

func TestProblemsOfAFetchedScheduleAreReported(t *testing.T) {
	script := transporttest.Script{Schedule: []byte(`[{"id":"a","type":"test.ok"},{"id":"b"}]`)}
	b := newBench(t, script)
	rep := b.run()
	named := func(p schedule.Problem) bool { return p.CheckID == "b" }
	if rep.Due != 2 || !slices.ContainsFunc(rep.Problems, named) {
		t.Errorf("%+v", rep)
	}
}

// statuses returns the status of each result of a run, by check id; "ok" for one that is available.
func statuses(rep Report) map[string]string {
	all := make(map[string]string)
	for _, o := range rep.Outcomes {
		all[o.Result.CheckID] = "ok"
		if o.Result.State != collect.Available {
			all[o.Result.CheckID] = o.Result.Status
		}
	}
	return all
}

// Each mistake costs its check alone, whose result says so when the check is due, and not more often.
func TestAMistakeCostsItsCheckAlone(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: []byte(
		`[{"id":"good","type":"test.ok"},{"id":"type","type":"test.okk"},{"id":"detail","type":"test.ok","details":{"x":1}},
		{"id":"period","type":"test.ok","period":0},{"type":"test.ok"},{"id":"told","type":"t","disabled":true,"fault":"default.yaml:3: no"}]`,
	)})
	writeCheck(t, b.ChecksDir, "local")
	for name, text := range map[string]string{
		"a.yaml": "- id: tab\n\ttype: test.ok\n- id: hourly\n  type: test.ok\n  period: 1h\n  details: {need: 1}\n",
		"b.yml":  "id: b\ntype: test.ok\n", "c.yaml": "- id: local2\n  type: test.ok\n  details:\n    neede: 1\n",
	} {
		if err := os.WriteFile(filepath.Join(b.ChecksDir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rep := b.run()
	got := statuses(rep)
	for id, want := range map[string]string{
		"good": "ok", "local": "ok", "type": `the endpoint's schedule: unknown check type "test.okk", did you mean "test.ok"?`,
		"detail": `the endpoint's schedule: test.ok has no detail "x"; it has none`, "period": "invalid period", "told": "default.yaml:3: no",
		schedule.FaultsID: "check 5 of the endpoint's schedule: check has no id", "tab": "a.yaml:2: ",
		"hourly": `a.yaml:3: test.ok has no detail "need"`, "b": `only files named *.yaml are read; rename it to "b.yaml"`, "local2": "c.yaml:1: ",
	} {
		if !strings.Contains(got[id], want) {
			t.Errorf("result of %s: %q, want %q", id, got[id], want)
		}
	}
	if len(got) != 11 || rep.Delivery.Delivered != 11 {
		t.Errorf("%d results, %d delivered", len(got), rep.Delivery.Delivered)
	}
	b.clock = b.clock.Add(time.Minute)
	if again := statuses(b.run()); len(again) != 10 || again["hourly"] != "" {
		t.Errorf("results a minute later: %v", again)
	}
	b.run() // a check may be due a little early
	if again := statuses(b.run()); len(again) != 0 {
		t.Errorf("results of another run at the same time: %v", again)
	}
}

// A host whose only local check has a mistake is still checked.
func TestBuiltinChecksRunWhereNoLocalOneCan(t *testing.T) {
	local := schedule.Schedule{Checks: []schedule.Check{{ID: "x", Type: "t", Fault: "no"}}}
	st := State{}
	merged, problems := st.Merge(local)
	if len(merged.Checks) != len(schedule.Builtin().Checks)+1 || len(problems) != 0 {
		t.Errorf("%v, %v", merged, problems)
	}
}

// An endpoint that did not give the schedule gets one attempt to deliver; none where that is of no
// use.
func TestDeliveryAfterAFailedRenewal(t *testing.T) {
	for name, tc := range map[string]struct {
		script transporttest.Script
		dials  int
	}{
		"unreachable": {transporttest.Script{}, 2},
		"wrong token": {badToken, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newPipeBench(t, tc.script)
			defer b.endpoint.Close()
			writeCheck(t, b.ChecksDir, "a")
			dials, dial := 0, b.DialContext
			b.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				if dials++; name == "unreachable" {
					return nil, errors.New("connection refused")
				}
				return dial(ctx, network, address)
			}
			rep := b.run()
			if dials != tc.dials || rep.Delivery.Err == nil || rep.Kept != 1 {
				t.Errorf("%s: dialed %d times, want %d: %+v", name, dials, tc.dials, rep)
			}
		})
	}
}

// What is in memory alone is delivered now or never: neither a backoff nor another process that is
// delivering stops it.
func TestResultsInMemoryWaitForNobody(t *testing.T) {
	b := newBench(t, badToken)
	b.run()
	st, err := b.State(t.Context())
	if err != nil || b.Blocked(st.Status) == nil {
		t.Fatalf("no backoff: %+v, %v", st.Status, err)
	}
	b.endpoint.Set(transporttest.Script{Features: modern})
	release, ok, err := b.Spool.TryDeliver()
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	defer release()
	list := []ended{{entry: spool.Entry{Agent: b.ID, Made: b.clock, Data: []byte(`{"check_id":"a"}`)}}}
	deliver := func(k kept) delivered {
		s := link.NewSession(&b.Config, st.State)
		defer s.Close()
		return b.deliver(t.Context(), s, k)
	}
	if d := deliver(kept{backlog: true}); !errors.Is(d.Err, link.ErrBackoff) {
		t.Errorf("what is in the spool can wait: %+v", d)
	}
	d := deliver(kept{memory: inMemory(b.ID, list), err: errors.New("disk full")})
	if d.Err != nil || d.Delivered != 1 || d.settledFresh != 1 {
		t.Errorf("%+v", d)
	}
	st.Backoff = transport.Backoff{}
	if d := deliver(kept{backlog: true}); !d.Busy {
		t.Errorf("another process is delivering: %+v", d)
	}
}

// A lock of the delivery that cannot be opened is a failure of the delivery like any other: it is
// printed once, and stored for the status.
func TestDeliverLockThatCannotBeOpened(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
	b.run()
	lock := filepath.Join(b.stateDir, "deliver.lock")
	if err := errors.Join(os.Remove(lock), os.Mkdir(lock, 0o700)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b.clock = b.clock.Add(time.Minute)
		rep, err := b.Run(t.Context(), Options{Deliver: true})
		if err != nil || rep.Delivery.Err == nil || !rep.Delivery.Tried || rep.Kept != 1 {
			t.Errorf("%+v, %v", rep, err)
		}
	}
	if len(b.notices) != 1 || !strings.Contains(b.notices[0], "deliver.lock") {
		t.Errorf("printed %q", b.notices)
	}
	st, err := b.State(t.Context())
	if err != nil || st.FailingSinceMS == 0 || !strings.Contains(st.Error, "deliver.lock") {
		t.Errorf("stored %+v, %v", st.Status, err)
	}
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	b.clock = b.clock.Add(time.Minute)
	if rep := b.run(); rep.Delivery.Delivered != 3 {
		t.Errorf("%+v", rep.Delivery)
	}
}

// A report of losses is drawn up for a delivery, so that it has all losses until then.
func TestRunWithoutDeliveryDrawsUpNoLossReport(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
	b.lose(2)
	if _, err := b.Run(t.Context(), Options{}); err != nil {
		t.Fatal(err)
	}
	b.lose(5)
	b.run()
	if all := b.losses(); len(all) != 1 || figure(all[0], "lost_results") != "7" {
		t.Errorf("%+v", all)
	}
}

// A check stays claimed as long as its run may last, and never less than its own time limit.
func TestClaimTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
		defer cancel()
		for timeout, want := range map[time.Duration]time.Duration{
			time.Second: 50*time.Second + claimGrace, time.Minute: time.Minute + claimGrace,
		} {
			if got := claimTime(ctx, schedule.Check{Timeout: timeout}); got != want {
				t.Errorf("time limit %v: claimed for %v, want %v", timeout, got, want)
			}
		}
	})
}
