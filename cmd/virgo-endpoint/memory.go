package main

import (
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// The bounds of what the garbage collector lets the heap grow by between two collections. With Go's own
// default, as much as is in use, an endpoint with little in use would collect many times a second, and one
// with much would take twice that.
const (
	leastGrowth = 48 << 20
	mostGrowth  = 128 << 20
	// limitPart is the part of the memory, in eighths, up to which the heap may grow however much is in use;
	// the rest is for SQLite's caches and the kernel's.
	limitPart = 6
	// leastLimit keeps a very small limit from making the program do nothing but collect.
	leastLimit = 32 << 20
	// leastHeap is what the runtime takes to be in use if there is less.
	leastHeap = 4 << 20
)

// tuneMemory sets what the environment does not set: by GOGC how much the heap grows between two collections,
// by GOMEMLIMIT up to where. The limit follows from the process's memory, that of its control group or of the
// host; it is not set where that is not known. stop ends the tuning.
func tuneMemory(getenv func(string) string, memory uint64, log *slog.Logger) (stop func()) {
	if getenv("GOMEMLIMIT") == "" && memory > 0 {
		limit := memoryLimit(memory)
		debug.SetMemoryLimit(limit)
		log.Debug("memory", "total_mib", memory/mib, "heap_limit_mib", limit/mib)
	}
	if getenv("GOGC") != "" {
		return func() {}
	}
	t := &heapTuner{percent: 100}
	t.afterCollection()
	return func() { t.stopped.Store(true) }
}

// memoryLimit is the bound of the heap in so much memory.
func memoryLimit(memory uint64) int64 {
	return int64(max(min(memory, 1<<60)/8*limitPart, leastLimit))
}

// gcPercent is the GOGC with which a heap of which so much is in use grows by what it should.
func gcPercent(live uint64) int {
	growth := min(max(live, leastGrowth), mostGrowth)
	return int(100 * growth / max(live, leastHeap))
}

// A heapTuner sets GOGC after each collection.
type heapTuner struct {
	stopped     atomic.Bool
	collections atomic.Int64
	percent     int // that it set last, or Go's default
}

// afterCollection sets GOGC, and again after the next collection: the runtime tells of one by cleaning up an
// object that nobody uses.
func (t *heapTuner) afterCollection() {
	if t.stopped.Load() {
		return
	}
	t.collections.Add(1)
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() == metrics.KindUint64 {
		p := gcPercent(sample[0].Value.Uint64())
		if d := p - t.percent; d > t.percent/8 || d < -t.percent/8 { // setting it stops the program for a moment
			t.percent = p
			debug.SetGCPercent(p)
		}
	}
	runtime.AddCleanup(&[64]byte{}, func(t *heapTuner) { t.afterCollection() }, t)
}

// ownMemory tunes this process.
func ownMemory(log *slog.Logger) (stop func()) { return tuneMemory(os.Getenv, processMemory(), log) }
