// Package footprint reduces the memory and the CPU time of a run.
//
// One processor is enough for a run, which mostly waits for disks and networks: the caches, threads
// and wake-ups that the Go runtime spends on the others are saved. Timer entries set
// [OneProcessor], so that the runtime starts with one; [Narrow] is for timers without an
// environment (the Task Scheduler), entries that an earlier virgo wrote, and people.
//
// [RelaxMonitor] saves wake-ups of the runtime's own thread, [GrowStack] grows the stack once instead
// of step by step, and [Spare] bounds the heap in long deliveries.
package footprint

import (
	"runtime"
	"runtime/debug"
)

// OneProcessor is the environment variable that starts a Go program with one processor, see package
// runtime. It is meant for a run alone: plugins and other programs that a run starts must not
// inherit it. A variable of this name with another value is the owner's.
const OneProcessor = "GOMAXPROCS=1"

// Narrow limits the Go runtime to one processor, and does nothing where [OneProcessor] was set.
// Calls that block in the kernel still run in parallel.
func Narrow() { runtime.GOMAXPROCS(1) }

// softLimit is the memory limit of [Spare], several times the heap of an ordinary run.
const softLimit = 12 << 20

// spareGrowth is the growth of the heap between two collections, in percent. The runtime lets even
// the smallest heap grow to 4 MiB times this.
const spareGrowth = 25

// Spare makes the garbage collector save memory at the cost of CPU, for large frames and long
// deliveries, whose garbage would otherwise accumulate. It returns free memory to the system at
// once. An ordinary run does not call it.
func Spare() {
	debug.SetMemoryLimit(softLimit)
	debug.SetGCPercent(spareGrowth)
	debug.FreeOSMemory()
}
