// Package breach has the limits of the script process that no check may break, and says which one
// ended the process: whoever started it knows no more than its last words. Package limits applies
// them; this one is linked by every program that starts one, and imports next to nothing.
//
// What can fail: nothing. Who could abuse it: a script that could write the last words of its
// process would say them of itself alone.
package breach

import (
	"fmt"
	"strings"
	"time"
)

const (
	// MemoryBytes is what a script process may have above what it has when it starts.
	MemoryBytes = 64 << 20
	// CPU is the processor time of a script process in all.
	CPU = 60 * time.Second
	// StackBytes is the largest stack of a goroutine of a script process.
	StackBytes = 16 << 20

	// ProgramMemoryBytes is the memory of a program that a script runs.
	ProgramMemoryBytes = 512 << 20
	// GroupMemoryBytes is what a script process and all programs of its scripts may have
	// together, where they have a control group: the process with what it has when it starts, and
	// two of the largest programs.
	GroupMemoryBytes = MemoryBytes + 64<<20 + 2*ProgramMemoryBytes
	// GroupTasks is the number of their processes and threads.
	GroupTasks = 1024
)

// GroupText is why a script failed whose control group had too much memory.
func GroupText() string {
	return "broke the limit of " + mebibytes(GroupMemoryBytes) + " of memory for a script and its programs"
}

// Text is what a process prints before it ends because it has too much memory.
func Text(memoryBytes int64) string {
	return "broke the limit of " + mebibytes(memoryBytes) + " of memory"
}

// mebibytes formats a size, which is whole mebibytes but in tests.
func mebibytes(n int64) string {
	if n < 1<<20 || n%(1<<20) != 0 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// The kinds of limits that end a process, as errors of scripts name them.
const (
	KindMemory  = "memory"
	KindCompute = "compute"
)

// Limits are those of a process.
type Limits struct {
	// MemoryBytes is how much memory the process may have above what it has when they are applied.
	MemoryBytes int64
	// CPU is the processor time of the process.
	CPU time.Duration
}

// Describe says which limit ended a script process, of the kind [KindMemory] or [KindCompute]. how
// is the first line of what it wrote to standard error, with its state; used is its processor time.
// It returns "" if it was none of them.
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
	// SIGSEGV is a fault in Go's runtime, of an allocation that it does not expect to fail; one in
	// Go code is a panic.
	case has("out of memory", "cannot allocate memory", "VirtualAlloc",
		"SIGSEGV: segmentation violation", Text(l.MemoryBytes)):
		return KindMemory, Text(l.MemoryBytes)
	case has("goroutine stack exceeds"):
		return KindMemory, "broke the limit of " + mebibytes(StackBytes) + " of stack: it calls itself too deep"
	case used >= l.CPU/2 && has("signal: killed", "signal: CPU"):
		return KindCompute, fmt.Sprintf("broke the limit of %s of processor time", l.CPU)
	}
	return "", ""
}
