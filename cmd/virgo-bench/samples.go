package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A sample has the kernel's figures of one process from its start to its end. Memory is in bytes; 0 if
// the system does not report it.
type sample struct {
	Wall, CPU time.Duration
	// Peak is the high-water mark of resident memory.
	Peak int64
	// Resident is resident memory at the end, as ps and top show it.
	Resident int64
	// Anonymous is resident memory that no file backs, at the end: a process this short returns none of it.
	Anonymous int64
	// Charged is the peak of what the kernel charged the run's own control group.
	Charged int64
	// Code is the exit code.
	Code int
	// Stderr is the text that the process wrote to standard error.
	Stderr string
}

// failure returns the error of a process that did not exit with 0.
func (s sample) failure(argv []string) error {
	if s.Code == 0 {
		return nil
	}
	return fmt.Errorf("%s %s ended with %d: %s", filepath.Base(argv[0]), strings.Join(argv[1:], " "), s.Code, s.Stderr)
}

// The figures of a sample.
func wallMS(s sample) float64     { return float64(s.Wall) / float64(time.Millisecond) }
func cpuMS(s sample) float64      { return float64(s.CPU) / float64(time.Millisecond) }
func peakMiB(s sample) float64    { return float64(s.Peak) / (1 << 20) }
func anonMiB(s sample) float64    { return float64(s.Anonymous) / (1 << 20) }
func chargedMiB(s sample) float64 { return float64(s.Charged) / (1 << 20) }

// A series has the samples of one program, in the order of the turns. The speed of a shared machine changes
// from second to second: two series of the same turns are compared sample by sample, because a change
// that affects both cancels out in their ratio.
type series []sample

// median returns the median of one figure.
func (s series) median(f func(sample) float64) float64 {
	figures := make([]float64, len(s))
	for i := range s {
		figures[i] = f(s[i])
	}
	return median(figures)
}

// ratio returns the median of the ratios, s to other.
func (s series) ratio(other series, f func(sample) float64) float64 {
	figures := make([]float64, len(s))
	for i := range s {
		figures[i] = f(s[i]) / f(other[i])
	}
	return median(figures)
}

// more returns the median of the differences, s minus other.
func (s series) more(other series, f func(sample) float64) float64 {
	figures := make([]float64, len(s))
	for i := range s {
		figures[i] = f(s[i]) - f(other[i])
	}
	return median(figures)
}

// median returns the median; NaN if v is empty.
func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}
