// Package footprint keeps a run small while it runs.
//
// A run does one thing after the other, and each part touches code that no later part needs: the command line
// and the configuration first, then the checks, then TLS. Linux counts every page of the program that was
// ever touched as resident (and maps 64 KiB around each touch), so without this package a run's peak
// is the sum of its parts. [Program.GiveBack] between two parts leaves out what only the first one needed: the pages
// are clean, stay in the page cache, and come back at the cost of a minor fault when they are needed again.
//
// One processor is enough for a run that waits for disks and networks: [Narrow] saves the memory caches, the
// threads and the wake-ups that the Go runtime spends on the others.
package footprint

import (
	"runtime"
	"runtime/debug"
)

// Narrow makes the Go runtime use one processor at a time. Calls that block in the kernel still run side
// by side.
func Narrow() { runtime.GOMAXPROCS(1) }

// softLimit is where the garbage collector stops to be generous: several times what an ordinary run's heap has.
const softLimit = 12 << 20

// spareGrowth is how much a heap may grow between two collections, percent. The runtime lets even the smallest heap
// grow to 4 MiB times this.
const spareGrowth = 25

// Spare makes the garbage collector work harder from here on: who has a frame of 4 MiB to read must not keep
// several copies of it until they are collected in passing, and who delivers a million results must not pile
// up what each of them left. What is free by then goes back to the system at once. An ordinary run does not
// need it and does not pay for it.
func Spare() {
	debug.SetMemoryLimit(softLimit)
	debug.SetGCPercent(spareGrowth)
	debug.FreeOSMemory()
}
