package limits

import (
	"runtime/metrics"
	"time"
)

// watchEvery is how often the watchdog looks.
const watchEvery = 5 * time.Millisecond

// watch calls breach once when Go's memory exceeds limit bytes. It never ends before that, as the process's limits
// do not.
func watch(limit uint64, breach func()) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	samples := memorySamples()
	for range tick.C {
		if readMemory(samples) > limit {
			breach()
			return
		}
	}
}

func memorySamples() []metrics.Sample {
	return []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
}

// readMemory returns how much memory Go's runtime has and has not returned to the system.
func readMemory(samples []metrics.Sample) uint64 {
	metrics.Read(samples)
	return samples[0].Value.Uint64() - min(samples[0].Value.Uint64(), samples[1].Value.Uint64())
}

// startWatchdog starts the watchdog. Where the system limits the memory as well, the watchdog usually comes first, as
// its limit is a little lower: a process that it ends says why, while Go's runtime may fail anywhere.
func startWatchdog(memoryBytes int64, breach func()) *Process {
	limit := readMemory(memorySamples()) + uint64(max(0, memoryBytes/16*15))
	go watch(limit, breach)
	return &Process{Memory: ByWatchdog}
}
