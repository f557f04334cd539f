// Package footprint keeps a run small while it runs.
//
// A run does one thing after the other, and each part touches code that no later part needs: the command line
// and the configuration first, then the checks, then TLS. Linux counts every page of the program that was
// ever touched as resident (and maps 64 KiB around each touch), so without this package a run's peak
// is the sum of its parts. [Program.GiveBack] between two parts leaves out what only the first one needed: the pages
// are clean, stay in the page cache, and come back at the cost of a minor fault should they be needed again.
//
// One processor is enough for a run that waits for disks and networks: [Narrow] saves the memory caches, the
// threads and the wake-ups that the Go runtime spends on the others.
package footprint

import (
	"runtime"
	"runtime/debug"
)

// softLimit is where the garbage collector stops to be generous: an ordinary run stays at a quarter of it,
// and one with a frame of 4 MiB to read must not keep several copies of it until they are collected in passing.
const softLimit = 12 << 20

// Narrow makes the Go runtime use one processor at a time, and little memory. Calls that block in the kernel
// still run side by side.
func Narrow() {
	runtime.GOMAXPROCS(1)
	debug.SetMemoryLimit(softLimit)
}
