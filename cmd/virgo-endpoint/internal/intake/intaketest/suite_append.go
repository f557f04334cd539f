package intaketest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

func testCopies(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	batch := []intake.Arrival{
		arrival(key, "a", "1"), arrival(key, "a", "1"), // in one batch
		arrival(key, "b", "1"),                       // another agent's: another result
		arrival(key, "a", ""), arrival(key, "a", ""), // without ids
		arrival(key, "a", "01"), arrival(key, "A", "1"), // nearly
	}
	for i, o := range put(t, s, batch...) {
		if want := i != 1; (o.Stored == 1) != want {
			t.Errorf("arrival %d: stored %d", i, o.Stored)
		}
	}
	// Later, through another opening, and whatever else is different: the first one stays.
	other := arrival(key, "a", "1")
	other.Results[0].Status, other.Results[0].Time = "another", epoch.Add(time.Hour)
	if o := put(t, open(t), other); o[0].Stored != 0 {
		t.Error("a copy was stored later")
	}
	wantStored(t, s, 6)
	for _, r := range Results(t, s, intake.Filter{}) {
		if r.Status != "success" {
			t.Errorf("the copy replaced the first: %+v", r)
		}
	}
}

func testTokenAtCommit(t *testing.T, open Opener) {
	s := open(t)
	_, id, gone := NewToken(t, s)
	_, _, key := NewToken(t, s)
	if _, err := open(t).RevokeToken(t.Context(), id, epoch); err != nil {
		t.Fatal(err)
	}
	batch := []intake.Arrival{arrival(gone, "a", "1"), arrival(key, "b", "2"), arrival(gone, "b", "3"),
		arrival(intake.Access{Token: 1 << 40}, "c", "4"), arrival(key, "b", "5")}
	batch[0].Hello = &intake.Hello{Name: "revoked"}
	batch[2].Refusals = []receipt.Refused{{ID: receipt.ID("b", 1, 1), Code: 400, Message: "no"}}
	outcomes, err := s.Append(t.Context(), batch)
	if err != nil || len(outcomes) != len(batch) {
		t.Fatalf("%v, %v", outcomes, err)
	}
	for i, good := range []bool{false, true, false, false, true} {
		if o := outcomes[i]; (o.Stored == 1) != good || good != (o.Err == nil) ||
			!good && !errors.Is(o.Err, intake.ErrBadToken) {
			t.Errorf("arrival %d: %+v", i, o)
		}
	}
	if list, err := s.Agents(t.Context(), ""); err != nil || len(list) != 1 || list[0].ID != "b" ||
		list[0].Results != 2 {
		t.Errorf("agents: %+v, %v", list, err)
	}
	if _, refused, err := s.Held(t.Context(), "b", everything()); err != nil || len(refused) != 0 {
		t.Errorf("refused: %v, %v", refused, err)
	}
}

// What Append acknowledged is there for whoever opens the store next.
func testDurable(t *testing.T, open Opener) {
	s := open(t)
	secret, _, key := NewToken(t, s)
	hello := arrival(key, "a", receipt.ID("a", 1, 1))
	hello.Hello = &intake.Hello{Name: "n"}
	refused := intake.Arrival{AgentID: "a", Access: key, Received: epoch,
		Refusals: []receipt.Refused{{ID: receipt.ID("a", 1, 2), Code: 400, Message: "no"}}}
	put(t, s, hello, refused)
	again := open(t)
	wantStored(t, again, 1)
	held, no, err := again.Held(t.Context(), "a", everything())
	if err != nil || len(held) != 1 || held[0] != (receipt.Range{Start: 1, From: 1, To: 1}) ||
		len(no) != 1 || no[0] != refused.Refusals[0] {
		t.Errorf("held %v, refused %v, %v", held, no, err)
	}
	got, err := again.Admit(t.Context(), intake.Claim{AgentID: "a", Token: secret, Now: epoch})
	if err != nil || got.Access != key {
		t.Errorf("access %+v, want %+v, %v", got.Access, key, err)
	}
	if list, err := again.Agents(t.Context(), ""); err != nil || len(list) != 1 || list[0].Name != "n" ||
		list[0].Results != 1 {
		t.Errorf("agents: %+v, %v", list, err)
	}
}

// Of an arrival with many results those are stored that were not before, once, in their order.
func testManyResults(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	many := func(backlog bool, ids ...string) intake.Arrival {
		a := arrival(key, "a", "")
		a.Results, a.Backlog = nil, backlog
		for i, id := range ids {
			r := arrival(key, "a", id).Results[0]
			r.Time = r.Time.Add(-time.Duration(i) * time.Minute)
			a.Results = append(a.Results, r)
		}
		return a
	}
	outcomes := put(t, s, many(false, "1", "2", "1", "", ""), many(true, "3", "2", "4"))
	if outcomes[0].Stored != 4 || outcomes[1].Stored != 2 {
		t.Errorf("outcomes: %+v", outcomes)
	}
	if again := put(t, open(t), many(true, "4", "3", "2", "1")); again[0].Stored != 0 {
		t.Errorf("%d copies were stored", again[0].Stored)
	}
	wantStored(t, s, 6)
	list := Results(t, s, intake.Filter{})
	slices.SortFunc(list, func(a, b intake.Result) int { return cmp.Compare(a.Seq, b.Seq) })
	var ids []string
	for _, r := range list {
		ids = append(ids, r.ResultID)
	}
	if want := []string{"1", "2", "", "", "3", "4"}; !slices.Equal(ids, want) {
		t.Errorf("in the order of arrival: %q, want %q", ids, want)
	}
	// Ids that tell their order are looked up in another way.
	for i, orders := range [][]uint64{{5, 5}, {5, 6, 6}, {5, 6, 5}, {6, 5, 5, 6}} {
		a, distinct := many(i%2 == 1), map[uint64]bool{}
		for _, order := range orders {
			distinct[order] = true
			a.Results = append(a.Results, arrival(key, "a", receipt.ID("a", uint64(i+1), order+uint64(10*i))).Results[0])
		}
		if outcomes := put(t, s, arrival(key, "b", fmt.Sprint(i)), a); outcomes[1].Stored != len(distinct) {
			t.Errorf("orders %d in one arrival: %+v, want %d", orders, outcomes, len(distinct))
		}
	}
}

// With an error nothing is stored, and the batch can be appended again.
func testCancelled(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	batch := []intake.Arrival{arrival(key, "a", "1"), arrival(key, "a", "2")}
	if _, err := s.Append(ctx, batch); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	wantStored(t, s, 0)
	for i, o := range put(t, s, batch...) {
		if o.Stored != 1 {
			t.Errorf("arrival %d was not stored the second time", i)
		}
	}
	if _, _, err := s.Held(ctx, "a", everything()); !errors.Is(err, context.Canceled) {
		t.Errorf("held: %v", err)
	}
	ignore := func(intake.Result) error { return nil }
	if err := s.Results(ctx, intake.Filter{}, ignore); !errors.Is(err, context.Canceled) {
		t.Errorf("results: %v", err)
	}
	if _, err := s.Agents(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("agents: %v", err)
	}
}

func testEmptyBatch(t *testing.T, open Opener) {
	s := open(t)
	put(t, s)
	wantStored(t, s, 0)
	if list, err := s.Agents(t.Context(), ""); err != nil || len(list) != 0 {
		t.Errorf("agents: %v, %v", list, err)
	}
}

// Several writers append the same results and some of their own, through two openings.
func testConcurrentWriters(t *testing.T, open Opener) {
	const writers, batches, each = 4, 5, 20
	stores := []Store{open(t), open(t)}
	_, _, key := NewToken(t, stores[0])
	var mu sync.Mutex
	stored := map[string]int{} // by result id
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for b := range batches {
				var batch []intake.Arrival
				for i := range each {
					batch = append(batch, arrival(key, "a", fmt.Sprint("shared", b*each+i)),
						arrival(key, "a", fmt.Sprint("of ", w, " ", b*each+i)))
				}
				outcomes, err := stores[w%2].Append(t.Context(), batch)
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				mu.Lock()
				for i, o := range outcomes {
					if o.Stored == 1 {
						stored[batch[i].Results[0].ResultID]++
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	const want = (writers + 1) * batches * each
	for id, n := range stored {
		if n != 1 {
			t.Errorf("%q was stored %d times", id, n)
		}
	}
	if len(stored) != want {
		t.Errorf("%d results were stored, want %d", len(stored), want)
	}
	wantStored(t, stores[0], want)
	if list, err := stores[1].Agents(t.Context(), ""); err != nil || len(list) != 1 || list[0].Results != want {
		t.Errorf("agents: %+v, %v", list, err)
	}
	seen := map[int64]bool{}
	for _, r := range Results(t, stores[0], intake.Filter{}) {
		if r.Seq < 1 || seen[r.Seq] {
			t.Errorf("seq %d is there twice, or below 1", r.Seq)
		}
		seen[r.Seq] = true
	}
}

// The largest of everything that ParsePost accepts, and texts that mean something to a database.
func testHostileSizes(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	order, age := uint64(math.MaxInt64), int64(intake.MaxAgeMS)
	long := arrival(key, strings.Repeat("a", intake.MaxIDBytes), strings.Repeat("r", intake.MaxResultIDBytes))
	long.Results[0].CheckID = strings.Repeat("c", intake.MaxIDBytes)
	long.Results[0].CheckType = strings.Repeat("t", intake.MaxIDBytes)
	long.Results[0].Status = strings.Repeat("€", intake.MaxStatusRunes)
	long.Results[0].Params = []byte(`"` + strings.Repeat("x", 4<<20) + `"`)
	long.Results[0].Order, long.Results[0].AgeMS = &order, &age
	long.Results[0].Time = time.UnixMilli(intake.MaxTimeMS)
	early := arrival(key, "early", "1")
	early.Results[0].Time = time.UnixMilli(intake.MinTimeMS)
	batch := []intake.Arrival{early}
	for _, text := range hostileIDs() {
		batch = append(batch, arrival(key, text, text))
	}
	batch = append(batch, long)
	for i, o := range put(t, s, batch...) {
		if o.Stored != 1 {
			t.Errorf("arrival %d was not stored", i)
		}
	}
	list := Results(t, open(t), intake.Filter{})
	if len(list) != len(batch) {
		t.Fatalf("%d results, want %d", len(list), len(batch))
	}
	for i, r := range list {
		want := &batch[i].Results[0]
		if r.AgentID != batch[i].AgentID || r.ResultID != want.ResultID || r.CheckID != want.CheckID ||
			r.Status != want.Status ||
			!r.Time.Equal(want.Time) || string(r.Params) != string(want.Params) {
			t.Errorf("%.200v, want %.200v", r, want)
		}
		if got := Results(t, s, intake.Filter{AgentID: r.AgentID, CheckID: r.CheckID}); len(got) != 1 {
			t.Errorf("agent %.20q: %d results", r.AgentID, len(got))
		}
	}
}
