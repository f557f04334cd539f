package collect

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"virgo/schedule"
)

// Quick checks run one after the other, slow ones side by side.
func TestRunnerStartsAnotherCheckOnlyBesideASlowOne(t *testing.T) {
	for _, tc := range []struct {
		name        string
		concurrency int
		jobs        int
		takes       time.Duration
		most        int
		within      time.Duration
	}{
		{"quick", 4, 8, Patience / 2, 1, 8 * Patience},
		{"slow", 4, 8, time.Second, 4, 2*time.Second + 16*Patience},
		{"a hundred", 0, 100, time.Second, 100, time.Second + 100*Patience},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				running, most := make(chan int, 1), 0
				running <- 0
				change := func(by int) {
					n := <-running + by
					most = max(most, n)
					running <- n
				}
				reg, err := NewRegistry(Type{Name: "t", Checker: CheckerFunc(func(context.Context, Request) (Report, error) {
					change(1)
					time.Sleep(tc.takes) // of synctest's clock
					change(-1)
					return Report{}, nil
				})})
				if err != nil {
					t.Fatal(err)
				}
				var jobs []Job
				for i := range tc.jobs {
					jobs = append(jobs, Job{Check: schedule.Check{ID: fmt.Sprint(i), Type: "t", Timeout: time.Minute}})
				}
				start, done := time.Now(), 0
				r := Runner{Registry: reg, Concurrency: tc.concurrency}
				r.Run(t.Context(), jobs, func(int, Outcome) { done++ })
				if took := time.Since(start); took > tc.within || done != len(jobs) {
					t.Errorf("%d done in %v, want all within %v", done, took, tc.within)
				}
				if most != tc.most {
					t.Errorf("%d ran at a time, want %d", most, tc.most)
				}
			})
		})
	}
}
