package worker

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// BenchmarkWaitingChecks measures what a run keeps in memory while a hundred checks wait for their
// answers: stack-B/check and heap-B/check are the growth per check, so that the time per operation
// says nothing.
func BenchmarkWaitingChecks(b *testing.B) {
	const checks = 100
	var stack, heap float64
	for b.Loop() {
		p := program(b, "")
		if _, err := (checker{p}).Check(b.Context(), requestFor("t.echo", nil)); err != nil { // started, and encoding/json used
			b.Fatal(err)
		}
		registry, err := collect.NewRegistry(collect.Type{Name: "t.waits", Checker: checker{p}})
		if err != nil {
			b.Fatal(err)
		}
		before := memory() // and none after it: a garbage collection would shrink the stacks
		ctx, cancel := context.WithCancel(b.Context())
		jobs := make([]collect.Job, checks)
		for i := range jobs {
			jobs[i].Check = requestFor("t.waits", schedule.Details{"host": "localhost", "port": 6379}).Check
		}
		var run sync.WaitGroup
		run.Go(func() { (&collect.Runner{Registry: registry}).Run(ctx, jobs, func(int, collect.Outcome) {}) })
		p.awaitWaiting(checks)
		after := memory()
		stack += float64(after.StackInuse) - float64(before.StackInuse)
		heap += float64(after.HeapAlloc) - float64(before.HeapAlloc)
		cancel()
		run.Wait()
		p.Close()
	}
	b.ReportMetric(stack/float64(b.N)/checks, "stack-B/check")
	b.ReportMetric(heap/float64(b.N)/checks, "heap-B/check")
}

func memory() (m runtime.MemStats) {
	runtime.ReadMemStats(&m)
	return m
}

// awaitWaiting returns once n requests wait for their answers.
func (p *Program) awaitWaiting(n int) {
	for {
		p.mu.Lock()
		proc := p.process
		p.mu.Unlock()
		proc.mu.Lock()
		waiting := len(proc.waiting)
		proc.mu.Unlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}

// BenchmarkEncodeRequest measures encoding a request.
func BenchmarkEncodeRequest(b *testing.B) {
	req, err := checkRequest(requestFor("t.echo", schedule.Details{"host": "localhost", "port": 6379}), time.Second)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := encodeLine(req); err != nil {
			b.Fatal(err)
		}
	}
}
