package intaketest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

// everything is every number of the starts that the suite uses.
func everything() []receipt.Range {
	return []receipt.Range{{Start: 1, From: 0, To: math.MaxUint64}}
}

// Held agrees with a map of every id, whatever the ranges.
func testHeldModel(t *testing.T, open Opener) {
	const agent = "ä%_" // characters that are several bytes, and wildcards
	s := open(t)
	_, _, key := NewToken(t, s)
	rnd := rand.New(rand.NewPCG(1, 2))
	type id struct{ start, n uint64 }
	has := map[id]bool{}
	number := func() uint64 { return rnd.Uint64() >> (48 + rnd.IntN(16)) }
	var batch []intake.Arrival
	for range 3000 {
		one := id{rnd.Uint64N(3), number()}
		has[one] = true
		batch = append(batch, arrival(key, agent, receipt.ID(agent, one.start, one.n)))
	}
	put(t, s, batch...)
	put(t, s, arrival(key, "b", receipt.ID(agent, 0, 1<<50)), arrival(key, agent, "no receipt's id"),
		arrival(key, agent, agent+"/0000000000000001-01"))
	for range 50 {
		var ask []receipt.Range
		for range 1 + rnd.IntN(5) {
			a, b := number(), number()
			ask = append(ask, receipt.Range{Start: rnd.Uint64N(4), From: min(a, b), To: max(a, b)})
		}
		wanted := receipt.NewSet(slices.Clone(ask))
		ranges, _, err := s.Held(t.Context(), agent, ask)
		if err != nil {
			t.Fatal(err)
		}
		named := receipt.NewSet(ranges)
		for one := range has {
			if wanted.Has(one.start, one.n) != named.Has(one.start, one.n) {
				t.Fatalf("%v: asked %v, named %v", one, wanted, named)
			}
		}
		for _, r := range ranges {
			for n := r.From; n <= r.To; n++ {
				if !has[id{r.Start, n}] {
					t.Fatalf("%v names %x, which is not there", r, n)
				}
			}
		}
	}
	for _, nobody := range []string{"", "nobody", "ä", "ä%_x"} {
		if ranges, refused, err := s.Held(t.Context(), nobody, everything()); err != nil ||
			len(ranges)+len(refused) != 0 {
			t.Errorf("agent %q: %v, %v, %v", nobody, ranges, refused, err)
		}
	}
	if ranges, _, err := s.Held(t.Context(), agent, nil); err != nil || len(ranges) != 0 {
		t.Errorf("no ranges: %v, %v", ranges, err)
	}
}

// Of more fragments than a receipt can name Held returns the first.
func testHeldBounded(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	const extra = 10
	var batch []intake.Arrival
	for i := range receipt.MaxRanges + extra {
		batch = append(batch, arrival(key, "a", receipt.ID("a", 1, uint64(2*i))))
	}
	put(t, s, batch...)
	ranges, _, err := s.Held(t.Context(), "a", everything())
	if err != nil || len(ranges) != receipt.MaxRanges {
		t.Fatalf("%d ranges, %v", len(ranges), err)
	}
	if last := ranges[len(ranges)-1]; last.From != 2*(receipt.MaxRanges-1) || last.To != last.From {
		t.Errorf("the last is %v", last)
	}
}

// A refused result that was asked for is named until it is stored.
func testHeldRefused(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	refuse := func(agent, id, message string) intake.Arrival {
		return intake.Arrival{AgentID: agent, Access: key, Received: epoch,
			Refusals: []receipt.Refused{{ID: id, Code: 400, Message: message}}}
	}
	put(t, s,
		refuse("a", receipt.ID("a", 1, 1), "no"), refuse("a", receipt.ID("a", 1, 9), "no"),
		refuse("a", "not an id", "no"), refuse("a", receipt.ID("b", 1, 1), "no"),
		refuse("b", receipt.ID("b", 1, 2), "no"), refuse("a", receipt.ID("a", 1, 1), "no again"))
	want := func(from, to uint64, text string) {
		t.Helper()
		_, refused, err := s.Held(t.Context(), "a", []receipt.Range{{Start: 1, From: from, To: to}})
		if got := fmt.Sprint(refused); err != nil || got != text {
			t.Errorf("%d to %d: %s, %v, want %s", from, to, got, err, text)
		}
	}
	want(0, 100, "[{a/0000000000000001-1 400 no again} {a/0000000000000001-9 400 no}]") // the last one first
	want(1, 8, "[{a/0000000000000001-1 400 no again}]")
	want(2, 8, "[]")
	put(t, s, arrival(key, "a", receipt.ID("a", 1, 1)))
	want(0, 100, "[{a/0000000000000001-9 400 no}]")
	wantStored(t, s, 1)
}

// As many refusals are remembered as a receipt can name, the last ones.
func testRefusalsBounded(t *testing.T, open Opener) {
	s := open(t)
	_, _, key := NewToken(t, s)
	const extra = 500
	var batch []intake.Arrival
	for i := range intake.MaxRefusals + extra {
		for range 2 { // a copy counts once
			batch = append(batch, intake.Arrival{AgentID: "a", Access: key, Received: epoch,
				Refusals: []receipt.Refused{{ID: receipt.ID("a", 1, uint64(i)), Code: 400, Message: "no"}}})
		}
	}
	put(t, s, batch...)
	_, refused, err := s.Held(t.Context(), "a", everything())
	if err != nil || len(refused) != intake.MaxRefusals {
		t.Fatalf("%d refused, %v", len(refused), err)
	}
	first, last := refused[0].ID, refused[intake.MaxRefusals-1].ID
	if first != receipt.ID("a", 1, intake.MaxRefusals+extra-1) || last != receipt.ID("a", 1, extra) {
		t.Errorf("from %s to %s", first, last)
	}
}
