package spool

import (
	"context"
	"strings"
	"testing"
)

// What a run does, step by step, each step opening and closing the file as it does in a run.
// "go test -bench . -benchmem"; a folder in memory (TMPDIR=/dev/shm) shows the time that is not the
// disk's.

func benchSpool(b *testing.B) *Spool {
	s := newSpool(b, Options{})
	put(b, s, "first")
	b.ReportAllocs()
	return s
}

// entries like a run's: two kilobytes of JSON.
func benchEntries(n int) []Entry {
	list := make([]Entry, n)
	for i := range list {
		list[i] = entry(strings.Repeat("x", 2000))
	}
	return list
}

func BenchmarkView(b *testing.B) {
	s := benchSpool(b)
	for b.Loop() {
		if err := s.View(b.Context(), func(tx *Tx) error { tx.Get("checks", "cpu"); return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUpdateNothing(b *testing.B) {
	s := benchSpool(b)
	for b.Loop() {
		if err := s.Update(b.Context(), func(tx *Tx) error { tx.Get("checks", "cpu"); return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUpdateCommit(b *testing.B) {
	s := benchSpool(b)
	value := make([]byte, 32)
	for b.Loop() {
		value[0]++
		if err := s.Update(b.Context(), func(tx *Tx) error { return tx.Put("checks", "cpu", value) }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend10(b *testing.B) {
	s := benchSpool(b)
	entries := benchEntries(10)
	var records []Record
	for b.Loop() {
		var err error
		if records, err = appendAll(s, entries...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(records[9].Seq), "records")
}

func BenchmarkRead256(b *testing.B) {
	s := benchSpool(b)
	if _, err := appendAll(s, benchEntries(1000)...); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(256 * 2000)
	for b.Loop() {
		if r, err := s.Read(b.Context(), 100, 256, 1<<20); err != nil || len(r) != 256 {
			b.Fatal(len(r), err)
		}
	}
}

func BenchmarkSettle256(b *testing.B) {
	s := benchSpool(b)
	entries := benchEntries(256)
	for b.Loop() {
		b.StopTimer()
		records, err := appendAll(s, entries...)
		if err != nil {
			b.Fatal(err)
		}
		outcomes := make([]Outcome, len(records))
		for i, r := range records {
			outcomes[i].Seq = r.Seq
		}
		b.StartTimer()
		if err := s.Settle(context.Background(), outcomes, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkXXH64(b *testing.B) {
	data := make([]byte, 2000)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		xxh64(1, data)
	}
}
