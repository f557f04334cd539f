package run

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/spool"
	"virgo/transport/transporttest"
)

// The results of other checks are persisted while one hangs: they are due again at their next time,
// and a kill costs no more than the one that hangs.
func TestResultsArePersistedWhileAnotherCheckHangs(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("hangs", "late", "quick")})
	hung, late := make(chan struct{}), make(chan struct{})
	ran := make(map[string]int)
	b.Registry = newRegistry(t, checkType("test.ok", func(_ context.Context, r collect.Request) (collect.Report, error) {
		switch r.Check.ID {
		case "hangs":
			<-hung
		case "late":
			<-late
		}
		return collect.Report{Sample: []byte("sample of " + r.Check.ID)}, nil
	}))
	b.Concurrency = 3
	done := make(chan Report)
	go func() { done <- b.run() }()

	// until waits for a transaction after which these checks have a result and no claim.
	until := func(want ...string) {
		t.Helper()
		for limit := time.Now().Add(20 * time.Second); ; {
			var finished, sampled []string
			err := b.Spool.View(context.Background(), func(tx *spool.Tx) error {
				for _, id := range []string{"hangs", "late", "quick"} {
					if last := schedule.ReadLast(tx, id); !last.Ran.IsZero() && last.ClaimedUntil.IsZero() {
						finished = append(finished, id)
					}
					if tx.Get(sampleSpace, id) != nil {
						sampled = append(sampled, id)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if slices.Equal(finished, want) && slices.Equal(sampled, want) && b.waiting() == uint64(len(want)) {
				return
			}
			if time.Now().After(limit) {
				t.Fatalf("checks %q are finished and have samples of %q, want %q", finished, sampled, want)
			}
		}
	}
	until("quick") // with the claims
	close(late)
	until("late", "quick") // a moment later
	close(hung)
	rep := <-done
	if rep.Due != 3 || rep.Kept != 3 || rep.Lost != 0 || rep.KeepErr != nil || rep.Delivery.Delivered != 3 {
		t.Errorf("%+v", rep)
	}
	for _, id := range b.storedChecks() {
		ran[id]++
	}
	if len(ran) != 3 || b.waiting() != 0 {
		t.Errorf("stored %v, %d wait", ran, b.waiting())
	}
	st, err := b.State(context.Background())
	if err != nil || st.Run.Checks != 3 {
		t.Errorf("the run is remembered as %+v, %v", st.Run, err)
	}
}

// A run is one that drops as soon as any of its transactions does.
func TestDroppingCountsEveryTransactionOfTheRun(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	b.Endpoints = nil
	var err error
	b.Spool, err = spool.Open(filepath.Join(t.TempDir(), "state"), spool.Options{MaxBytes: 12 << 10, Now: b.Now})
	if err != nil {
		t.Fatal(err)
	}
	err = b.Spool.Update(t.Context(), func(tx *spool.Tx) error {
		_, err := tx.Append(spool.Entry{Agent: b.ID, Made: b.clock, Data: fmt.Appendf(nil, `{"pad":"%010000d"}`, 0)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	writeCheck(t, b.ChecksDir, "large")
	writeCheck(t, b.ChecksDir, "small")
	b.Concurrency = 2
	large := make(chan struct{})
	b.Registry = newRegistry(t, checkType("test.ok", func(_ context.Context, r collect.Request) (collect.Report, error) {
		if r.Check.ID == "small" {
			<-large
			return collect.Report{}, nil
		}
		text := collect.Metric{Name: "text", Type: collect.String, Value: strings.Repeat("x", 4<<10)}
		return collect.Report{Metrics: []collect.Metric{text}}, nil
	}))
	done := make(chan Report)
	go func() { done <- b.run() }()
	for limit := time.Now().Add(20 * time.Second); ; {
		st, err := b.Spool.Stats(t.Context())
		if err != nil || time.Now().After(limit) {
			t.Fatalf("the first transaction dropped nothing: %+v, %v", st, err)
		}
		if len(st.Ever) == 1 && st.Records == 1 {
			break
		}
	}
	close(large) // the transaction that follows drops nothing
	if rep := <-done; rep.Dropped != 1 || rep.Kept != 2 {
		t.Errorf("%+v", rep)
	}
	st, err := b.State(t.Context())
	if err != nil || !st.Run.Dropping {
		t.Errorf("%+v, %v", st.Run, err)
	}
	b.clock = b.clock.Add(time.Minute)
	if rep := b.run(); !rep.Dropping {
		t.Error("the next run does not know of it")
	}
}

// A commit that failed may have reached the disk all the same: its results are delivered under the
// ids that it gave them. What comes after it is persisted where the disk takes it again.
func TestResultsOfAFailedCommitKeepTheirIDs(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	run := newChecks(0)
	close(run.over)
	for _, data := range []string{`{"x":1}`, `{"x":2}`, `{"x":3}`} {
		run.add(ended{
			claim: &schedule.Claimed{Check: schedule.Check{ID: "a"}},
			entry: spool.Entry{Agent: "a", Made: b.clock, Data: []byte(data)},
		})
	}
	failed := errors.New("no sync")
	c := checking{checks: run}
	appended := []spool.Record{{Seq: 7, Order: 7, ID: "a/1-7"}, {Seq: 8, Order: 8, ID: "a/1-8"}}
	c.persisted = c.persisted.after(outcome{appended: appended, ended: 2}, failed)
	k := b.keep(t.Context(), c)
	if len(k.memory) != 2 || k.memory[0].ID != "a/1-7" || k.memory[1].ID != "a/1-8" || k.memory[0].Order != 0 || k.memory[1].Order != 0 {
		t.Errorf("in memory: %+v", k.memory)
	}
	if len(k.records) != 1 || !errors.Is(k.err, failed) || b.waiting() != 1 {
		t.Errorf("%+v, %d wait", k, b.waiting())
	}
	if q := b.runQueue(k); !q.inMemory || len(q.fresh) != 2 || q.backlog {
		t.Errorf("delivers %+v", q)
	}
	if rep := b.report(c, k, delivered{settledFresh: 1}); rep.Kept != 1 || rep.Lost != 1 {
		t.Errorf("%+v", rep)
	}
}

func TestResultsNeverAppendedGetUniqueIDs(t *testing.T) {
	list := []ended{
		{entry: spool.Entry{Agent: "a", Data: []byte(`{"x":1}`)}}, {released: true},
		{entry: spool.Entry{Agent: "a", Data: []byte(`{"x":2}`)}},
	}
	seen := map[string]bool{}
	for _, r := range append(inMemory("a", list), inMemory("a", list)...) {
		if seen[r.ID] || string(r.Data) == "" || r.Seq < 1<<63 {
			t.Errorf("id %q twice, or no data, or key %d, which the spool may give", r.ID, r.Seq)
		}
		seen[r.ID] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d records of four results", len(seen))
	}
}
