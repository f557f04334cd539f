package collect

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"virgo/schedule"
)

// Quick checks run one after the other, slow ones at the same time.
func TestQuickChecksRunOneAfterTheOther(t *testing.T) {
	for _, tc := range []struct {
		name        string
		concurrency int
		jobs        int
		takes       time.Duration
		most        int
		within      time.Duration
	}{
		{"quick", 4, 8, startInterval / 2, 1, 8 * startInterval},
		{"slow", 4, 8, time.Second, 4, 2*time.Second + 16*startInterval},
		{"a hundred", 0, 100, time.Second, 100, time.Second + 100*startInterval},
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
					t.Errorf("%d ran at the same time, want %d", most, tc.most)
				}
			})
		})
	}
}

// A host without CPU time left runs one check after the other; a further one beside it would only
// take time from it, until all have run into their limits. When there is CPU time again, they run side
// by side.
func TestNoProcessorNoFurtherCheck(t *testing.T) {
	for _, tc := range []struct {
		late time.Duration // as long as fewer than half of the checks are done
		most int           // that run at the same time until then
	}{{lateWake, 10}, {lateWake + 1, 1}} {
		synctest.Test(t, func(t *testing.T) {
			const jobs = 20
			done, running, most, mostLater := 0, 0, 0, 0
			var mu sync.Mutex
			reg, err := NewRegistry(Type{Name: "t", Checker: CheckerFunc(func(context.Context, Request) (Report, error) {
				mu.Lock()
				if running++; done < jobs/2 {
					most = max(most, running)
				} else {
					mostLater = max(mostLater, running)
				}
				mu.Unlock()
				time.Sleep(3 * crowdedPoll)
				mu.Lock()
				running--
				mu.Unlock()
				return Report{}, nil
			})})
			if err != nil {
				t.Fatal(err)
			}
			r := Runner{Registry: reg, Concurrency: 10, lateness: func(time.Time) time.Duration {
				mu.Lock()
				defer mu.Unlock()
				if done < jobs/2 {
					return tc.late
				}
				return 0
			}}
			var list []Job
			for i := range jobs {
				list = append(list, Job{Check: schedule.Check{ID: fmt.Sprint(i), Type: "t", Timeout: time.Minute}})
			}
			r.Run(t.Context(), list, func(int, Outcome) {
				mu.Lock()
				done++
				mu.Unlock()
			})
			if done != jobs || most != tc.most || mostLater < 9 {
				t.Errorf("late by %v: %d done, %d at the same time, then %d", tc.late, done, most, mostLater)
			}
		})
	}
}
