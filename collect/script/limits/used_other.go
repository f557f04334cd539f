//go:build !linux

package limits

// usedMemory returns a function that returns how much memory this process uses.
func usedMemory() func() uint64 { return goMemory }
