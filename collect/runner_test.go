package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"virgo/schedule"
)

func job(typ string, timeout time.Duration) Job {
	return Job{Check: schedule.Check{ID: "id " + typ, Type: typ, Period: time.Minute, Timeout: timeout}}
}

// run runs the jobs with checkers of types a, b, c, … and returns the outcomes in the order of the
// jobs.
func run(t *testing.T, ctx context.Context, concurrency int, jobs []Job, checkers ...CheckerFunc) []Outcome {
	t.Helper()
	var types []Type
	for i, c := range checkers {
		types = append(types, Type{Name: string(rune('a' + i)), Checker: c})
	}
	r := &Runner{Registry: registry(t, types...), Concurrency: concurrency}
	got := make([]Outcome, len(jobs))
	seen := make([]bool, len(jobs))
	r.Run(ctx, jobs, func(i int, o Outcome) {
		if seen[i] {
			t.Errorf("job %d has two outcomes", i)
		}
		seen[i], got[i] = true, o
	})
	for i := range seen {
		if !seen[i] {
			t.Errorf("job %d has no outcome", i)
		}
	}
	return got
}

func status(t *testing.T, o Outcome, want string) {
	t.Helper()
	if o.Result.State != Unavailable || o.Result.Status != want || o.Result.Metrics != nil {
		t.Errorf("got %+v, want status %q", o.Result, want)
	}
}

func TestRunnerFillsResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := time.Unix(1700000000, 0)
		jobs := []Job{job("a", 0), job("b", 0), job("c", 0)}
		jobs[1].Previous = []byte("before")
		got := run(t, t.Context(), 2, jobs,
			func(ctx context.Context, req Request) (Report, error) {
				if d, ok := ctx.Deadline(); !ok || time.Until(d) != schedule.DefaultTimeout {
					t.Errorf("deadline %v %v", d, ok)
				}
				time.Sleep(time.Second)
				return Report{Metrics: []Metric{{Name: "m", Type: Int64, Value: "1"}}, Sample: []byte("a")}, nil
			},
			func(_ context.Context, req Request) (Report, error) {
				if string(req.Previous) != "before" || req.Check.ID != "id b" || req.Now().IsZero() {
					t.Errorf("%+v", req)
				}
				return Report{Sample: []byte("b")}, errors.New("disk failure")
			},
			func(context.Context, Request) (Report, error) {
				return Report{Unavailable: true, Status: "too hot", Time: at, Metrics: []Metric{{Name: "m"}}}, nil
			})
		a := got[0]
		if r := a.Result; r.State != Available || r.Status != "success" || len(r.Metrics) != 1 || r.CheckID != "id a" ||
			r.CheckType != "a" || r.MinCheckPeriod != time.Minute || !r.Time.Equal(time.Now()) {
			t.Errorf("%+v", r)
		}
		if a.Took != time.Second || string(a.Sample) != "a" || a.Skipped {
			t.Errorf("%+v", a)
		}
		status(t, got[1], "disk failure")
		if string(got[1].Sample) != "b" {
			t.Error("the sample of a failed check is lost")
		}
		status(t, got[2], "too hot")
		if !got[2].Result.Time.Equal(at) {
			t.Error("the check's own time is lost")
		}
	})
}

func TestRunnerLimitsEachCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		never := make(chan struct{})
		got := run(t, t.Context(), 1, []Job{job("a", 5*time.Second), job("b", 500*time.Millisecond), job("c", time.Second), job("d", time.Second)},
			func(ctx context.Context, _ Request) (Report, error) { // ends with its context
				<-ctx.Done()
				return Report{Sample: []byte("s")}, fmt.Errorf("read: %w", ctx.Err())
			},
			func(context.Context, Request) (Report, error) { // does not return
				<-never
				return Report{}, nil
			},
			func(ctx context.Context, _ Request) (Report, error) { // has its own message
				<-ctx.Done()
				time.Sleep(Grace / 2)
				return Report{}, errors.New("plugin did not finish")
			},
			func(context.Context, Request) (Report, error) { return Report{}, nil })
		status(t, got[0], "check timed out after 5s")
		if string(got[0].Sample) != "s" {
			t.Error("the sample of a check that timed out is lost")
		}
		status(t, got[1], "check timed out after 0.5s")
		if got[1].Took != 500*time.Millisecond+Grace {
			t.Errorf("took %v", got[1].Took)
		}
		status(t, got[2], "plugin did not finish")
		if got[3].Result.State != Available {
			t.Errorf("%+v", got[3])
		}
		if took, want := time.Since(start), 5*time.Second+500*time.Millisecond+Grace+time.Second+Grace/2; took != want {
			t.Errorf("took %v, want %v", took, want)
		}
		close(never)
	})
}

// A run's deadline ends what is under way, abandons what does not return, and skips the rest.
func TestRunnerEndsWithItsContext(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(context.Context) (context.Context, context.CancelFunc)
		status string
	}{
		"deadline": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 1200*time.Millisecond)
		}, "check timed out after 1.2s, at the end of the run"},
		"cancelled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(1200*time.Millisecond, cancel)
			return ctx, cancel
		}, "check was stopped after 1.2s, as the run was"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := c.end(t.Context())
				defer cancel()
				start := time.Now()
				never := make(chan struct{})
				endsInTime := func(ctx context.Context, _ Request) (Report, error) {
					<-ctx.Done()
					return Report{}, ctx.Err()
				}
				got := run(t, ctx, 2, []Job{job("a", time.Minute), job("b", time.Minute), job("a", time.Minute)},
					endsInTime,
					func(context.Context, Request) (Report, error) { <-never; return Report{}, nil })
				status(t, got[0], c.status)
				if name == "deadline" {
					status(t, got[1], "check timed out after 3.2s, at the end of the run")
				} else {
					status(t, got[1], "check was stopped after 3.2s, as the run was")
				}
				status(t, got[2], "check was not run: the run's time was up")
				if !got[2].Skipped || got[0].Skipped || got[1].Skipped {
					t.Errorf("%+v", got)
				}
				if took := time.Since(start); took != 1200*time.Millisecond+Grace {
					t.Errorf("took %v", took)
				}
				close(never)
			})
		})
	}
}

func TestRunnerSurvivesPanics(t *testing.T) {
	got := run(t, t.Context(), 4, []Job{job("a", 0), job("b", 0), job("c", 0), job("d", 0), job("e", 0)},
		func(context.Context, Request) (Report, error) { panic("boom") },
		func(context.Context, Request) (Report, error) {
			var m []int
			return Report{Status: fmt.Sprint(m[4])}, nil
		},
		func(context.Context, Request) (Report, error) { runtime.Goexit(); return Report{}, nil },
		func(context.Context, Request) (Report, error) { panic(strings.Repeat("é", 1000)) },
		func(context.Context, Request) (Report, error) { return Report{}, nil })
	for i, want := range []string{"check panicked: boom (runner_test.go:", "check panicked: runtime error: index out of range [4] with length 0 (runner_test.go:", "check ended without a result", "check panicked: éé"} {
		if r := got[i].Result; r.State != Unavailable || !strings.HasPrefix(r.Status, want) {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if got[4].Result.State != Available {
		t.Errorf("%+v", got[4])
	}
}

func TestRunnerUnknownType(t *testing.T) {
	got := run(t, t.Context(), 1, []Job{job("aa", 0), job("quite.another", 0), job(strings.Repeat("x", 300), 0)})
	status(t, got[0], `unknown check type "aa"`)
	status(t, got[1], `unknown check type "quite.another"`)
	r := &Runner{Registry: registry(t, Type{Name: "agent.cpu", Checker: CheckerFunc(quiet)})}
	r.Run(t.Context(), []Job{job("agent.cpuu", 0)}, func(_ int, o Outcome) {
		status(t, o, `unknown check type "agent.cpuu", did you mean "agent.cpu"?`)
	})
}

func TestRunnerConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		c := func(context.Context, Request) (Report, error) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second)
			now.Add(-1)
			return Report{}, nil
		}
		jobs := make([]Job, 10)
		for i := range jobs {
			jobs[i] = job("a", 0)
		}
		start := time.Now()
		run(t, t.Context(), 3, jobs, c)
		if most.Load() != 3 || time.Since(start) != 4*time.Second {
			t.Errorf("%d at once, took %v", most.Load(), time.Since(start))
		}
		run(t, t.Context(), 0, nil, c)
	})
}

func TestRunnerBoundsResults(t *testing.T) {
	many := make([]Metric, MaxMetrics+1)
	for i := range many {
		many[i] = Metric{Name: fmt.Sprint(i), Type: Int64, Value: "1"}
	}
	long := []Metric{{Name: "text", Type: String, Value: strings.Repeat("x", MaxResultBytes)}}
	almost := []Metric{{Name: "text", Type: String, Value: strings.Repeat("x", MaxResultBytes-1000)}}
	invalid := []Metric{{Name: "a", Type: Int64, Value: "1"}, {Name: "b", Type: Double, Value: "NaN"}, {Name: "c", Type: Double, Value: "+Inf"}}
	report := func(m []Metric) CheckerFunc {
		return func(context.Context, Request) (Report, error) {
			return Report{Metrics: m, Sample: make([]byte, MaxSampleBytes+1)}, nil
		}
	}
	got := run(t, t.Context(), 1, []Job{job("a", 0), job("b", 0), job("c", 0), job("d", 0), job("e", 0)},
		report(many), report(long), report(almost), report(invalid), report(many[:MaxMetrics]))
	status(t, got[0], "check found 10001 metrics, more than the 10000 that a result can have")
	if !strings.HasPrefix(got[1].Result.Status, "check found 1048") || got[1].Result.State != Unavailable || got[1].Result.Metrics != nil {
		t.Errorf("%.200v", got[1].Result)
	}
	for _, i := range []int{2, 4} {
		if got[i].Result.State != Available || got[i].Result.Metrics == nil {
			t.Errorf("%d: %.200v", i, got[i].Result)
		}
	}
	if r := got[3].Result; r.State != Available || len(r.Metrics) != 1 ||
		r.Status != `success, but 2 of 3 metrics left out: "b" is "NaN", not a valid double` {
		t.Errorf("%+v", r)
	}
	if len(invalid) != 3 || invalid[1].Name != "b" {
		t.Error("the check's own metrics were changed")
	}
	if got[2].Sample != nil {
		t.Error("a sample past its bound is stored")
	}
}

func TestRunnerUsesItsClock(t *testing.T) {
	at := time.UnixMilli(12345)
	r := &Runner{
		Registry: registry(t, Type{Name: "a", Checker: CheckerFunc(func(_ context.Context, req Request) (Report, error) {
			if !req.Now().Equal(at) {
				t.Error("not the runner's clock")
			}
			return Report{}, io.EOF
		})}),
		Now: func() time.Time { return at },
	}
	r.Run(t.Context(), []Job{job("a", 0)}, func(_ int, o Outcome) {
		if !o.Result.Time.Equal(at) || o.Took < 0 {
			t.Errorf("%+v", o)
		}
	})
}

// The context of a check ends with the check, so that nothing that it started goes on by it.
func TestContextEndsWithTheCheck(t *testing.T) {
	var contexts []context.Context
	check := func(ctx context.Context, _ Request) (Report, error) {
		if ctx.Err() != nil {
			t.Error("the context ended before the check")
		}
		contexts = append(contexts, ctx)
		return Report{}, nil
	}
	run(t, t.Context(), 1, []Job{job("a", time.Minute), job("a", 0)}, check)
	if len(contexts) != 2 {
		t.Fatalf("%d checks ran", len(contexts))
	}
	for i, ctx := range contexts {
		if !errors.Is(ctx.Err(), context.Canceled) {
			t.Errorf("check %d: %v", i, ctx.Err())
		}
	}
}
