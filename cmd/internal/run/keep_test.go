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
	"virgo/transport"
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
		for limit := time.Now().Add(time.Minute); ; {
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
	for limit := time.Now().Add(time.Minute); ; {
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

// Results that are not persisted yet are bounded: what arrives then waits until they are.
func TestResultsUnderWayAreBounded(t *testing.T) {
	const results, size = 20, 300 << 10
	c := newChecks(results)
	go func() {
		for range results {
			c.add(ended{claim: &schedule.Claimed{}, entry: spool.Entry{Data: make([]byte, size)}})
		}
		close(c.over)
	}()
	transactions := 0
	for over := false; !over; transactions++ {
		select {
		case <-c.pending.full:
		case <-c.over:
			over = true
		}
		n := c.count()
		c.mu.Lock()
		bytes := c.pending.bytes
		c.mu.Unlock()
		if bytes > maxPendingBytes+size {
			t.Errorf("%d bytes are not persisted, of %d allowed", bytes, maxPendingBytes+size)
		}
		c.persisted(n, nil)
	}
	if transactions < results*size/(maxPendingBytes+size) || c.pending.bytes != 0 {
		t.Errorf("%d transactions, %d bytes are left", transactions, c.pending.bytes)
	}
	for i, e := range c.since(0) {
		if e.entry.Data != nil {
			t.Errorf("result %d is still in memory", i)
		}
	}
}

// After a transaction that failed nothing is persisted any more, so nothing waits for that.
func TestResultsAreNotBoundedWithoutADisk(t *testing.T) {
	c := newChecks(3)
	added := make(chan struct{})
	go func() {
		for range 3 {
			c.add(ended{claim: &schedule.Claimed{}, entry: spool.Entry{Data: make([]byte, maxPendingBytes)}})
		}
		close(added)
	}()
	<-c.pending.full
	c.persisted(0, errors.New("disk full"))
	<-added
	if list := c.since(0); len(list) != 3 || list[2].entry.Data == nil {
		t.Errorf("%d results", len(list))
	}
}

// largeChecks has n checks that report size bytes each.
func (b *bench) largeChecks(n, size int) {
	for i := range n {
		writeCheck(b.t, b.ChecksDir, fmt.Sprintf("large%02d", i))
	}
	b.Registry = newRegistry(b.t, checkType("test.ok", func(context.Context, collect.Request) (collect.Report, error) {
		text := collect.Metric{Name: "text", Type: collect.String, Value: strings.Repeat("x", size)}
		return collect.Report{Metrics: []collect.Metric{text}}, nil
	}))
}

// Large results are persisted as they come and delivered from the spool, each once and before those of
// earlier runs.
func TestLargeResultsAreNotHeldInMemory(t *testing.T) {
	for _, pipelined := range []bool{true, false} {
		b := newBench(t, transporttest.Script{Features: []string{transport.FeatureResultID}})
		if pipelined {
			b.endpoint.Set(transporttest.Script{Features: modern})
		}
		err := b.Spool.Update(t.Context(), func(tx *spool.Tx) error {
			_, err := tx.Append(spool.Entry{Agent: b.ID, Made: b.clock.Add(-time.Hour), Data: []byte(`{"check_id":"old"}`)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		b.largeChecks(10, 200<<10)
		commits, large := 0, 0
		b.hook = func(point string) {
			if point == "append.after" {
				commits++
			}
		}
		b.Large = func() { large++ }
		rep := b.run()
		if rep.Kept != 10 || rep.Delivery.Delivered != 11 || rep.Delivery.Err != nil || b.waiting() != 0 {
			t.Errorf("%+v, %d wait", rep, b.waiting())
		}
		stored := b.storedChecks()
		if len(stored) != 11 || stored[10] != "old" || slices.Contains(stored[:10], "old") {
			t.Errorf("delivered %v", stored)
		}
		if commits < 4 || large == 0 {
			t.Errorf("%d transactions for 2 MB, Large was called %d times", commits, large)
		}
	}
}

// Where a session breaks between large results, the next one sends those that are left.
func TestLargeResultsAfterABrokenSession(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, CloseAfterIn: 1 << 20})
	b.largeChecks(10, 200<<10)
	b.run()
	b.endpoint.Set(transporttest.Script{Features: modern})
	b.clock = b.clock.Add(time.Second)
	if _, err := b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(b.storedChecks()); got != 10 || b.waiting() != 0 {
		t.Errorf("%d results are delivered, %d wait", got, b.waiting())
	}
}

// A run holds what it persisted only while that is little.
func TestPersistedResultsAreHeldWhileTheyAreFew(t *testing.T) {
	var p persisted
	p.hold([]spool.Record{{Data: make([]byte, 1000)}, {Data: make([]byte, maxHeldBytes-1000)}})
	if len(p.records) != 2 || p.records[0].Data == nil {
		t.Errorf("%d records, the data of the first one is dropped", len(p.records))
	}
	p.hold([]spool.Record{{Data: make([]byte, 1)}})
	for i, r := range p.records {
		if len(p.records) != 3 || r.Data != nil {
			t.Errorf("record %d of %d is held", i, len(p.records))
		}
	}
}
