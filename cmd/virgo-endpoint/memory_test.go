package main

import (
	"context"
	"log/slog"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// Between two collections the heap of a command grows by 48 to 128 MiB, whatever is in use.
func TestHeapGrowth(t *testing.T) {
	for _, live := range []uint64{0, 1 << 20, 10 << 20, 48 << 20, 90 << 20, 128 << 20, 500 << 20, 4 << 30} {
		p := gcPercent(live, growthOf(live))
		growth := max(live, 4<<20) * uint64(p) / 100 // 4 MiB: package runtime's least heap, times GOGC
		if least := min(max(live, leastGrowth), mostGrowth) * 8 / 10; growth < least || growth > mostGrowth {
			t.Errorf("%d MiB grow by %d MiB", live/mib, growth/mib)
		}
		if p <= 0 {
			t.Errorf("%d MiB: GOGC=%d", live/mib, p)
		}
	}
}

// A server that is idle collects at little, one with much to do as seldom as a command; it takes two collections
// to notice.
func TestServerHeapGrowth(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	tuner := &heapTuner{use: longRunning, now: func() time.Time { return now }}
	growth := func(live, allocated uint64, after time.Duration) uint64 {
		now = now.Add(after)
		return max(live, leastHeap) * uint64(tuner.next(live, allocated)) / 100
	}
	if g := growth(2<<20, 30<<20, 0); g != idleGrowth {
		t.Errorf("at the start: %d bytes", g)
	}
	if g := growth(6<<20, 34<<20, time.Minute); g < idleGrowth*9/10 || g > idleGrowth {
		t.Errorf("idle: %d bytes", g)
	}
	if g := growth(6<<20, 38<<20, time.Millisecond); g < 7<<20 || g > 8<<20 { // a moment
		t.Errorf("for a moment: %d bytes", g)
	}
	if g := growth(6<<20, 48<<20, time.Second); g < 19<<20 || g > 20<<20 { // 10 MiB/s
		t.Errorf("with some work: %d bytes", g)
	}
	if g := growth(6<<20, 144<<20, time.Second); g < leastGrowth*9/10 || g > leastGrowth {
		t.Errorf("busy: %d bytes", g)
	}
	if g := growth(100<<20, 4<<30, time.Second); g < 99<<20 || g > 100<<20 {
		t.Errorf("busy with much in use: %d bytes", g)
	}
}

// After much work memory is given back once little is allocated, and not while the work goes on.
func TestMemoryIsGivenBack(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	released := 0
	tuner := &heapTuner{use: longRunning, now: func() time.Time { return now }, release: func() { released++ }}
	tuner.next(6<<20, 30<<20)
	now = now.Add(time.Second)
	tuner.next(6<<20, 130<<20) // busy: the heap may grow by 48 MiB
	for _, step := range []struct {
		allocated uint64
		want      bool
	}{
		{140 << 20, false}, // 10 MiB in quietTime: the next collection is near
		{150 << 20, false},
		{151 << 20, true},
		{152 << 20, true},
	} {
		if got := tuner.quiet(step.allocated); got != step.want {
			t.Errorf("%d MiB: %v", step.allocated/mib, got)
		}
	}
	tuner.collections.Store(7)
	tuner.whenQuiet(6)
	if released != 0 {
		t.Error("given back though there was a collection since")
	}
	_, allocated, _ := heapInUse()
	tuner.asked = allocated
	tuner.whenQuiet(7)
	tuner.stopped.Store(true)
	tuner.whenQuiet(7)
	if released != 1 {
		t.Errorf("given back %d times, want once", released)
	}
}

func TestMemoryLimit(t *testing.T) {
	for memory, want := range map[uint64]int64{
		512 << 20: 384 << 20, 1 << 20: leastLimit, math.MaxUint64: 1 << 60 / 8 * limitPart,
	} {
		if got := memoryLimit(memory); got != want {
			t.Errorf("%d of %d, want %d", got, memory, want)
		}
	}
}

// What the environment sets stays; else the limit is set at once and GOGC after each collection.
func TestTuneMemory(t *testing.T) {
	before := debug.SetGCPercent(100)
	limit := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetGCPercent(before); debug.SetMemoryLimit(limit) })
	log := slog.New(slog.DiscardHandler)
	env := func(name string) string { return map[string]string{"GOGC": "70", "GOMEMLIMIT": "1GiB"}[name] }
	tuneMemory(env, 1<<30, shortLived, log)()
	if p, l := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); p != 100 || l != limit {
		t.Errorf("GOGC=%d, GOMEMLIMIT=%d", p, l)
	}
	stop := tuneMemory(func(string) string { return "" }, 8<<30, shortLived, log)
	defer stop()
	if l := debug.SetMemoryLimit(-1); l != 6<<30 {
		t.Errorf("GOMEMLIMIT=%d", l)
	}
	if p := debug.SetGCPercent(100); p <= 100 {
		t.Errorf("GOGC=%d", p) // the test's heap is small
	}
}

// It is called again after each collection, until it is stopped.
func TestHeapTuner(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tuner := &heapTuner{percent: 100, now: time.Now}
	tuner.afterCollection()
	for tuner.collections.Load() < 4 {
		if runtime.GC(); ctx.Err() != nil {
			t.Fatalf("called %d times", tuner.collections.Load())
		}
	}
	tuner.stopped.Store(true)
}

func TestProcessMemory(t *testing.T) {
	if n := processMemory(); runtime.GOOS == "linux" && n < 16<<20 {
		t.Errorf("%d bytes", n)
	}
}
