//go:build !linux && !darwin

package run

// peakBytes returns 0 (unknown): the figure of this system, if there is one, may include the
// process that started this one.
func peakBytes() int64 { return 0 }
