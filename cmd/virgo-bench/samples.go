package main

import (
	"math"
	"slices"
	"time"
)

// A sample is one process from its start to its end, as the kernel accounts for it. Memory in bytes, 0
// where the system does not tell.
type sample struct {
	Wall, CPU time.Duration
	// Peak is the high-water mark of resident memory.
	Peak int64
	// Anonymous is resident and no file's, at the end: in so short a life Go gives none of it back.
	Anonymous int64
	// Code is the exit code.
	Code int
	// Stderr is what it said there.
	Stderr string
}

// The figures of a sample.
func wallMS(s sample) float64  { return float64(s.Wall) / float64(time.Millisecond) }
func cpuMS(s sample) float64   { return float64(s.CPU) / float64(time.Millisecond) }
func peakMiB(s sample) float64 { return float64(s.Peak) / (1 << 20) }
func anonMiB(s sample) float64 { return float64(s.Anonymous) / (1 << 20) }

// A pair is two programs measured one right after the other: a shared machine's speed changes from one
// second to the next, and what both have seen of it falls out of their ratio.
type pair struct{ a, b sample }

// as and bs are the samples of one program.
func as(pairs []pair) []sample { return column(pairs, func(p pair) sample { return p.a }) }
func bs(pairs []pair) []sample { return column(pairs, func(p pair) sample { return p.b }) }

func column[T, U any](list []T, f func(T) U) []U {
	out := make([]U, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

// medianOf is the median of one figure.
func medianOf(samples []sample, f func(sample) float64) float64 { return median(column(samples, f)) }

// ratio is the median of the pairs' ratios, a to b.
func ratio(pairs []pair, f func(sample) float64) float64 {
	return median(column(pairs, func(p pair) float64 { return f(p.a) / f(p.b) }))
}

// more is the median of the pairs' differences, a less b.
func more(pairs []pair, f func(sample) float64) float64 {
	return median(column(pairs, func(p pair) float64 { return f(p.a) - f(p.b) }))
}

// median of nothing is NaN.
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
