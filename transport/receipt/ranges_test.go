package receipt_test

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"virgo/transport/receipt"
)

func TestParseRange(t *testing.T) {
	for text, want := range map[string]receipt.Range{
		"0000000000000000-0-0":                               {},
		"00000000deadbeef-1-ff":                              {Start: 0xdeadbeef, From: 1, To: 0xff},
		"ffffffffffffffff-ffffffffffffffff-ffffffffffffffff": {Start: 1<<64 - 1, From: 1<<64 - 1, To: 1<<64 - 1},
	} {
		got, err := receipt.ParseRange(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{
		"", "-", "--", "deadbeef-1-2", "00000000deadbeef-2-1", "00000000deadbeef-1", "00000000deadbeef-1-2-3", "00000000DEADBEEF-1-2",
		"00000000deadbeef-+1-2", "00000000deadbeef--1-2", "00000000deadbeef-1-", "00000000deadbeef-0x1-2", "00000000deadbeef-1-10000000000000000", "+0000000deadbeef-1-2",
	} {
		if r, err := receipt.ParseRange(bad); err == nil {
			t.Errorf("%q was read as %v", bad, r)
		}
	}
}

func TestParseID(t *testing.T) {
	start, n, ok := receipt.ParseID("a/b-c", "a/b-c/00000000deadbeef-1f")
	if !ok || start != 0xdeadbeef || n != 0x1f || receipt.ID("a/b-c", start, n) != "a/b-c/00000000deadbeef-1f" {
		t.Errorf("%x-%x, %v", start, n, ok)
	}
	for _, bad := range []string{
		"", "a", "a/", "a/b", "b/00000000deadbeef-1", "a/00000000deadbeef", "a/00000000deadbeef-", "a/00000000deadbeef-01", "a/deadbeef-1",
		"a/00000000deadbeef-m1", "a/00000000DEADBEEF-1", "a/00000000deadbeef-1-1", "aa/00000000deadbeef-1", "/00000000deadbeef-1",
	} {
		if s, n, ok := receipt.ParseID("a", bad); ok {
			t.Errorf("%q was read as %x-%x", bad, s, n)
		}
	}
}

// TestSet compares a Set with a map.
func TestSet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		type id struct{ start, n uint64 }
		members := map[id]bool{}
		var gathered receipt.Ranges
		var ranges []receipt.Range
		for range r.IntN(12) {
			g := receipt.Range{Start: r.Uint64N(3), From: r.Uint64N(20)}
			g.To = g.From + r.Uint64N(6)
			if r.IntN(10) == 0 {
				g.To = 1<<64 - 1 - r.Uint64N(2)
				g.From = g.To - 3
			}
			ranges = append(ranges, g)
			for n := g.From; ; n++ {
				members[id{g.Start, n}] = true
				gathered.Add(g.Start, n)
				if n == g.To {
					break
				}
			}
		}
		set := receipt.NewSet(ranges)
		again := receipt.NewSet(gathered.List())
		if !reflect.DeepEqual(set, again) && len(members) > 0 {
			t.Fatalf("%v: gathered one by one: %v", set, again)
		}
		for start := range uint64(4) {
			for i := range uint64(64) {
				n := i
				if i >= 32 {
					n = 1<<64 - 1 - (i - 32)
				}
				if set.Has(start, n) != members[id{start, n}] {
					t.Fatalf("%v: %x-%x", ranges, start, n)
				}
			}
		}
	}
}

func TestIntersect(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	some := func() (list []receipt.Range) {
		for range rnd.IntN(6) {
			from := rnd.Uint64N(20)
			list = append(list, receipt.Range{rnd.Uint64N(3), from, from + rnd.Uint64N(6)})
		}
		return list
	}
	for range 2000 {
		a, b := some(), some()
		inA, inB := receipt.NewSet(a), receipt.NewSet(b)
		both := receipt.NewSet(receipt.Intersect(a, b))
		for start := range uint64(3) {
			for n := range uint64(30) {
				if both.Has(start, n) != (inA.Has(start, n) && inB.Has(start, n)) {
					t.Fatalf("%d-%d of %v and %v: %v", start, n, a, b, both)
				}
			}
		}
	}
}
