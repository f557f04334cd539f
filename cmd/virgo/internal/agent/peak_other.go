//go:build !unix

package agent

// peakBytes is 0: the system does not tell it without a library of its own.
func peakBytes() int64 { return 0 }
