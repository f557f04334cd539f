package agent

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/spool"
	"virgo/transport/transporttest"
)

// A run with a check that hangs keeps what its other checks brought while it hangs: they are due again at
// their next time, and a kill costs nothing but the one that hangs.
func TestWhatIsDoneDoesNotWaitForWhatHangs(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: checks("hangs", "late", "quick")})
	hung, late := make(chan struct{}), make(chan struct{})
	ran := make(map[string]int)
	reg, err := collect.NewRegistry(collect.Type{Name: "test.ok", Checker: collect.CheckerFunc(func(_ context.Context, r collect.Request) (collect.Report, error) {
		switch r.Check.ID {
		case "hangs":
			<-hung
		case "late":
			<-late
		}
		return collect.Report{Sample: []byte("sample of " + r.Check.ID)}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	b.Registry, b.Concurrency = reg, 3
	done := make(chan Report)
	go func() { done <- b.run() }()

	// what waits for a transaction, whose results are there and whose claims are not
	until := func(want ...string) {
		t.Helper()
		for limit := time.Now().Add(20 * time.Second); ; {
			var free, kept []string
			err := b.Spool.View(context.Background(), func(tx *spool.Tx) error {
				for _, id := range []string{"hangs", "late", "quick"} {
					if last := schedule.ReadLast(tx, id); !last.Ran.IsZero() && last.ClaimedUntil.IsZero() {
						free = append(free, id)
					}
					if tx.Get(sampleSpace, id) != nil {
						kept = append(kept, id)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if slices.Equal(free, want) && slices.Equal(kept, want) && b.waiting() == uint64(len(want)) {
				return
			}
			if time.Now().After(limit) {
				t.Fatalf("checks %q are done and have results of %q, want %q", free, kept, want)
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

// A commit that failed may have come to the disk all the same: its results go out under the ids that it gave
// them. What comes after it is kept where the disk takes it again.
func TestAFailedCommitKeepsItsIDs(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	r := &round{agent: b.Agent, rep: new(Report), over: make(chan struct{})}
	close(r.over)
	for _, data := range []string{`{"x":1}`, `{"x":2}`, `{"x":3}`} {
		r.entries = append(r.entries, spool.Entry{Agent: "a", Made: b.clock, Data: []byte(data)})
	}
	r.try = attempt{appended: []spool.Record{{Seq: 7, ID: "a/1-7"}, {Seq: 8, ID: "a/1-8"}}, entered: 2}
	failed := errors.New("no sync")
	r.stored(failed)
	q := r.keep(t.Context())
	if !q.memory || len(q.fresh) != 2 || q.fresh[0].ID != "a/1-7" || q.fresh[1].ID != "a/1-8" {
		t.Errorf("from memory: %+v", q.fresh)
	}
	if r.rep.Kept != 1 || !errors.Is(r.rep.KeepErr, failed) || len(r.entries)-q.settledFresh != 2 || b.waiting() != 1 {
		t.Errorf("%+v, %d safe, %d wait", r.rep, q.settledFresh, b.waiting())
	}
}

// What never came to an append gets ids that nothing else has.
func TestResultsThatWereNeverAppendedHaveIDsOfTheirOwn(t *testing.T) {
	entries := []spool.Entry{{Agent: "a", Data: []byte(`{"x":1}`)}, {Agent: "a", Data: []byte(`{"x":2}`)}}
	seen := map[string]bool{}
	for _, r := range append(unkept("a", entries), unkept("a", entries)...) {
		if seen[r.ID] || string(r.Data) == "" || r.Seq < 1<<63 {
			t.Errorf("id %q twice, or no data, or key %d, which the spool may give", r.ID, r.Seq)
		}
		seen[r.ID] = true
	}
}
