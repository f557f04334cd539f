package limits

import (
	"runtime"
	"time"
)

// watchEvery is how often the watchdog looks.
const watchEvery = 5 * time.Millisecond

// startWatchdog starts the watchdog. Where the system limits the memory as well, the watchdog
// usually comes first, as its limit is a little lower: a process that it ends says why, while Go's
// runtime may fail anywhere.
func startWatchdog(memoryBytes int64, breach func()) *Process {
	used := usedMemory()
	go watch(used, used()+uint64(max(0, memoryBytes/16*15)), breach)
	return &Process{Memory: ByWatchdog}
}

// watch calls breach once when the process uses more than limit bytes. It never ends before that,
// as the process's limits do not.
func watch(used func() uint64, limit uint64, breach func()) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for range tick.C {
		if used() > limit {
			breach()
			return
		}
	}
}

// goMemory returns how much memory Go's runtime has and has not returned to the system. It stops
// the process for some microseconds. Package runtime/metrics would not, and would cost every start
// of virgo 0.07 ms (GODEBUG=inittrace=1).
func goMemory() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys - min(m.Sys, m.HeapReleased)
}
