package limits

import (
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

const (
	// DefaultMemoryBytes is what a script process may have above what it has when it starts.
	DefaultMemoryBytes = 64 << 20
	// CPU is the processor time of a script process in all.
	CPU = 60 * time.Second
	// stackBytes is the largest stack of a goroutine.
	stackBytes = 16 << 20

	// processFiles is the number of files that a script process may have open: those of its scripts, and what Go and
	// connections need.
	processFiles = 128
	// programMemoryBytes is the memory of a program that a script runs, programFiles its open files.
	programMemoryBytes = 512 << 20
	programFiles       = 1024
)

// What holds the limit of memory.
const (
	ByRlimit   = "rlimit"
	ByJob      = "job"
	ByWatchdog = "watchdog"
)

// Limits are those of a process.
type Limits struct {
	// MemoryBytes is how much memory the process may have above what it has when they are applied.
	MemoryBytes int64
	// CPU is the processor time of the process.
	CPU time.Duration
}

// A Process is this process with its limits.
type Process struct {
	// Memory is what holds the limit of memory: ByRlimit, ByJob or ByWatchdog.
	Memory string

	starting sync.Mutex // held while this process has the limits of its children
}

// Breach is what a process prints before it ends because it has too much memory.
func Breach(memoryBytes int64) string {
	return "broke the limit of " + mebibytes(memoryBytes) + " of memory"
}

// mebibytes formats a size, which is whole mebibytes but in tests.
func mebibytes(n int64) string {
	if n < 1<<20 || n%(1<<20) != 0 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// limitRuntime lets Go's runtime end this process where a stack grows too large, and collect garbage early, and all
// the time when most of the memory is in use, so that garbage alone breaks no limit.
func limitRuntime(memoryBytes int64) {
	debug.SetMaxStack(stackBytes)
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(int64(readMemory(memorySamples())) + memoryBytes/8*7)
}

// The kinds of limits that end a process, as errors of scripts name them.
const (
	KindMemory  = "memory"
	KindCompute = "compute"
)

// Describe says which limit ended a script process, of the kind [KindMemory] or [KindCompute]. how is the first line
// of what it wrote to standard error, with its state; used is its processor time. It returns "" if it was none of
// them.
func Describe(how string, used time.Duration, l Limits) (kind, text string) {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(how, w) {
				return true
			}
		}
		return false
	}
	switch {
	// SIGSEGV is a fault in Go's runtime, of an allocation that it does not expect to fail; one in Go code is a panic.
	case has("out of memory", "cannot allocate memory", "VirtualAlloc", "SIGSEGV: segmentation violation", Breach(l.MemoryBytes)):
		return KindMemory, Breach(l.MemoryBytes)
	case has("goroutine stack exceeds"):
		return KindMemory, "broke the limit of " + mebibytes(stackBytes) + " of stack: it calls itself too deep"
	case used >= l.CPU/2 && has("signal: killed", "signal: CPU"):
		return KindCompute, fmt.Sprintf("broke the limit of %s of processor time", l.CPU)
	}
	return "", ""
}
