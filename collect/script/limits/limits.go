package limits

import (
	"runtime/debug"
	"sync"

	"virgo/collect/script/breach"
)

const (
	// processFiles is the number of files that a script process may have open: those of its
	// scripts, and what Go and connections need.
	processFiles = 128
	// programMemoryBytes is the memory of a program that a script runs, programFiles its open files.
	programMemoryBytes = breach.ProgramMemoryBytes
	programFiles       = 1024
)

// What holds the limit of memory.
const (
	ByRlimit   = "rlimit"
	ByJob      = "job"
	ByWatchdog = "watchdog"
)

// A Process is this process with its limits.
type Process struct {
	// Memory is what holds the limit of memory: ByRlimit, ByJob or ByWatchdog.
	Memory string

	starting sync.Mutex // held while this process has the limits of its children
}

// limitRuntime lets Go's runtime end this process where a stack grows too large, and collect garbage
// early, and all the time when most of the memory is in use, so that garbage alone breaks no limit.
func limitRuntime(memoryBytes int64) {
	debug.SetMaxStack(breach.StackBytes)
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(int64(goMemory()) + memoryBytes/8*7)
}
