//go:build !linux

package main

// processMemory is not known: GOMEMLIMIT sets a bound of the heap.
func processMemory() uint64 { return 0 }
