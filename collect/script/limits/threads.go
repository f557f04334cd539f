//go:build unix && !cgo

package limits

// threadBytes is room for the stacks of threads: those of Go are part of its heap.
const threadBytes = 0
