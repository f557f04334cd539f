package airgap

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"virgo/transport/receipt"
)

// Whatever the ranges, the requests together ask for just these, each for no more than an answer
// can hold.
func TestSplitRequest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var ranges []receipt.Range
		for i := range rnd.IntN(6000) {
			from := rnd.Uint64N(100)
			size := rnd.Uint64N(3)
			if rnd.IntN(500) == 0 {
				size = rnd.Uint64N(5 * maxRequestResults)
			}
			ranges = append(ranges, receipt.Range{Start: uint64(i), From: from, To: from + size})
		}
		want := receipt.Merge(slices.Clone(ranges))
		var got []receipt.Range
		for rest := slices.Clone(ranges); len(rest) > 0; {
			var some []receipt.Range
			some, rest = splitRequest(rest)
			results := uint64(0)
			for _, r := range some {
				results += r.Len()
			}
			if len(some) == 0 || len(some) > maxRequestRanges+1 || results > maxRequestResults {
				t.Fatalf("a request of %d ranges, %d results", len(some), results)
			}
			got = append(got, some...)
		}
		if got = receipt.Merge(got); len(want) != len(got) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%d ranges are asked for, want %d", len(got), len(want))
		}
	}
}
