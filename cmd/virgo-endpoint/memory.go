package main

import (
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// The bounds of what the garbage collector lets the heap grow by between two collections. With Go's own
// default, as much as is in use, an endpoint with little in use would collect many times a second, and one
// with much would take twice that.
const (
	leastGrowth = 48 << 20
	mostGrowth  = 128 << 20
	// idleGrowth and busyTime are for a server: while little is allocated, the heap grows by what is allocated in that
	// time, but by no less than idleGrowth, so an endpoint with few hosts stays small.
	idleGrowth = 4 << 20
	busyTime   = 2 * time.Second
	// quietTime is how long after much was allocated a server gives memory back, if little was since: otherwise the
	// next collection would be far away, and what the work took would stay resident until then.
	quietTime = 10 * time.Second
	// limitPart is the part of the memory, in eighths, up to which the heap may grow however much is in use;
	// the rest is for SQLite's caches and the kernel's.
	limitPart = 6
	// leastLimit keeps a very small limit from making the program do nothing but collect.
	leastLimit = 32 << 20
	// leastHeap is what the runtime takes to be in use if there is less.
	leastHeap = 4 << 20
)

// A use of memory says how the heap of this process should grow.
type use int

const (
	// shortLived is for a command that reads much and ends soon: it collects as little as possible from the start.
	shortLived use = iota
	// longRunning is for a program that goes on for long, mostly idle.
	longRunning
)

// tuneMemory sets what the environment does not set: by GOGC how much the heap grows between two collections,
// by GOMEMLIMIT up to where. The limit follows from the process's memory, that of its control group or of the
// host; it is not set where that is not known. stop ends the tuning.
func tuneMemory(getenv func(string) string, memory uint64, u use, log *slog.Logger) (stop func()) {
	if getenv("GOMEMLIMIT") == "" && memory > 0 {
		limit := memoryLimit(memory)
		debug.SetMemoryLimit(limit)
		log.Debug("memory", "total_mib", memory/mib, "heap_limit_mib", limit/mib)
	}
	if getenv("GOGC") != "" {
		return func() {}
	}
	t := &heapTuner{use: u, percent: 100, now: time.Now, release: debug.FreeOSMemory}
	t.afterCollection()
	return func() { t.stopped.Store(true) }
}

// memoryLimit is the bound of the heap in so much memory.
func memoryLimit(memory uint64) int64 {
	return int64(max(min(memory, 1<<60)/8*limitPart, leastLimit))
}

// growthOf is by how much a heap should grow of which so much is in use.
func growthOf(live uint64) uint64 { return min(max(live, leastGrowth), mostGrowth) }

// servingGrowth is the same for a server that allocated so many bytes in the time since the last collection. A moment tells
// little about the next seconds, so that it doubles with each collection at most: a start is no long work.
func servingGrowth(live, allocated uint64, since time.Duration) uint64 {
	most := growthOf(live)
	busy := float64(allocated) * (float64(busyTime) / float64(max(since, busyTime/2)))
	if busy >= float64(most) {
		return most
	}
	return max(uint64(busy), idleGrowth)
}

// gcPercent is the GOGC with which a heap of which so much is in use grows by that.
func gcPercent(live, growth uint64) int {
	return int(100 * growth / max(live, leastHeap))
}

// A heapTuner sets GOGC after each collection.
type heapTuner struct {
	use         use
	now         func() time.Time
	stopped     atomic.Bool
	release     func() // gives memory back to the system, after a collection
	collections atomic.Int64

	mu        sync.Mutex
	percent   int       // that it set last, or Go's default
	last      time.Time // of the last collection, and what was allocated until then
	allocated uint64
	growth    uint64 // by which the heap may grow until the next one
	asked     uint64 // what was allocated when quiet was asked last, or at the last collection
}

// afterCollection sets GOGC, and again after the next collection: the runtime tells of one by cleaning up an
// object that nobody uses.
func (t *heapTuner) afterCollection() {
	if t.stopped.Load() {
		return
	}
	n := t.collections.Add(1)
	if live, allocated, ok := heapInUse(); ok {
		t.mu.Lock()
		p := t.next(live, allocated)
		if d := p - t.percent; d > t.percent/8 || d < -t.percent/8 { // setting it stops the program for a moment
			t.percent = p
			debug.SetGCPercent(p)
		}
		if t.use == longRunning && t.growth > 2*idleGrowth {
			time.AfterFunc(quietTime, func() { t.whenQuiet(n) })
		}
		t.mu.Unlock()
	}
	runtime.AddCleanup(&[64]byte{}, func(t *heapTuner) { t.afterCollection() }, t)
}

// heapInUse returns how much is in use as of the last collection, and how much was allocated since the program began.
func heapInUse() (live, allocated uint64, ok bool) {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 || sample[1].Value.Kind() != metrics.KindUint64 {
		return 0, 0, false
	}
	return sample[0].Value.Uint64(), sample[1].Value.Uint64(), true
}

// whenQuiet gives memory back if there was no collection since the one of that number, and little was allocated. A later
// collection asks by itself.
func (t *heapTuner) whenQuiet(collection int64) {
	if t.stopped.Load() || t.collections.Load() != collection {
		return
	}
	_, allocated, ok := heapInUse()
	if ok && t.quiet(allocated) {
		t.release()
	} else if ok {
		time.AfterFunc(quietTime, func() { t.whenQuiet(collection) })
	}
}

// quiet reports whether the next collection is far away: so much was allocated since the program began. It is called each
// quietTime, and counts anew.
func (t *heapTuner) quiet(allocated uint64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	few := allocated-t.asked < t.growth/8
	t.asked = allocated
	return few
}

// next is the GOGC until the next collection: so much is in use, and so much was allocated since the program began.
func (t *heapTuner) next(live, allocated uint64) int {
	now := t.now()
	since, bytes := now.Sub(t.last), allocated-t.allocated
	if t.last.IsZero() { // it starts: what that allocates tells nothing about what comes
		since, bytes = time.Hour, 0
	}
	t.last, t.allocated, t.asked = now, allocated, allocated
	t.growth = growthOf(live)
	if t.use == longRunning {
		t.growth = servingGrowth(live, bytes, since)
	}
	return gcPercent(live, t.growth)
}

// ownMemory tunes this process.
func ownMemory(u use, log *slog.Logger) (stop func()) {
	return tuneMemory(os.Getenv, processMemory(), u, log)
}
