package fleet

import (
	"slices"
	"testing"
	"time"
)

// The two sessions of a late host have each run, half of them twice, and each run the same time in both.
func TestTwice(t *testing.T) {
	for i := range 2 {
		for _, runs := range []int{4, 7, 100} {
			p := Past{Runs: runs, Every: time.Hour, Until: 72 * time.Hour}
			ages := make([][]time.Duration, runs)
			for _, s := range twice(p, i) {
				part := p.part(s.from, s.to)
				for k := range part.Runs {
					ages[s.from+k] = append(ages[s.from+k], part.Until+time.Duration(part.Runs-1-k)*part.Every)
				}
			}
			copies := 0
			for k, of := range ages {
				if want := p.Until + time.Duration(runs-1-k)*p.Every; len(of) == 0 || slices.Min(of) != want || slices.Max(of) != want {
					t.Fatalf("host %d, %d runs: run %d has the ages %v, want %v", i, runs, k, of, want)
				}
				copies += len(of) - 1
			}
			if copies < runs/2-1 || copies > runs/2+2 {
				t.Errorf("host %d: %d of %d runs are sent twice", i, copies, runs)
			}
		}
	}
}
