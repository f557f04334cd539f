package spool

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The steps of a run, each of which opens and closes the file as in a run: "go test -bench .
// -benchmem". A folder in memory (TMPDIR=/dev/shm) shows the time without the disk.

func benchSpool(b *testing.B) *Spool {
	s := newSpool(b, Options{})
	put(b, s, "first")
	b.ReportAllocs()
	return s
}

// benchEntries returns entries of a run's size, 2 kB.
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
		// A batch ends before a group that does not fit, so it can be a little short.
		if r, err := s.Read(b.Context(), 100, 256, 1<<20); err != nil || len(r) < 200 {
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

// waitingRecords is how many small records wait in BenchmarkRunWaiting, of about 150 bytes each.
const waitingRecords = 1_000_000

func waitingData(n int) string {
	return fmt.Sprintf(`{"check_id":"cpu","check_type":"agent.cpu","timestamp":%d,"metrics":[[null,`+
		`{"user":{"t":"double","v":"%d.%d"},"steal":{"t":"double","v":"%d"}}]]}`,
		1_700_000_000_000+1000*int64(n), n*7919%100, n*104_729%1000, n%13)
}

// The transactions of a run with that many records waiting, beside those of a run with none, in
// turns. ns/op is both together; cpu-ratio is not known on every system. "offline" is a run that
// delivers nothing, "online" one that delivers its own results and reads a first batch of the others.
func BenchmarkRunWaiting(b *testing.B) {
	opt := Options{MaxBytes: 64 << 30, Now: time.Now}
	full, none := newSpool(b, opt), newSpool(b, opt)
	for n := 0; n < waitingRecords; {
		data := make([]string, 5000)
		for i := range data {
			data[i] = waitingData(n)
			n++
		}
		put(b, full, data...)
	}
	put(b, none, "first")
	settle(b, none, Outcome{Seq: 1})
	for _, online := range []bool{false, true} {
		b.Run(map[bool]string{false: "offline", true: "online"}[online], func(b *testing.B) {
			var wall, cpu [2]time.Duration
			turn := 0
			for b.Loop() {
				for i := range 2 {
					i = (i + turn) % 2
					began, used := time.Now(), processCPU()
					benchRun(b, []*Spool{full, none}[i], turn, online)
					wall[i] += time.Since(began)
					cpu[i] += processCPU() - used
				}
				turn++
			}
			b.ReportMetric(float64(wall[0])/float64(wall[1]), "wall-ratio")
			b.ReportMetric(float64(wall[0]-wall[1])/float64(turn)/1000, "more-wall-µs")
			if cpu[1] > 0 {
				b.ReportMetric(float64(cpu[0])/float64(cpu[1]), "cpu-ratio")
			}
		})
	}
}

// benchRun does the transactions of a run with seven checks.
func benchRun(b *testing.B, s *Spool, n int, online bool) {
	entries := make([]Entry, 7)
	for i := range entries {
		entries[i] = entry(waitingData(n + i))
	}
	err := s.Update(b.Context(), func(tx *Tx) error { tx.Get("checks", "0"); return nil })
	if err != nil {
		b.Fatal(err)
	}
	var records []Record
	if err := s.Update(b.Context(), func(tx *Tx) (err error) {
		for i := range entries {
			if err := tx.Put("checks", fmt.Sprint(i), fmt.Append(nil, n)); err != nil {
				return err
			}
		}
		records, err = tx.Append(entries...)
		return err
	}); err != nil {
		b.Fatal(err)
	}
	if !online {
		return
	}
	var outcomes []Outcome
	for _, r := range records {
		outcomes = append(outcomes, Outcome{Seq: r.Seq})
	}
	settle(b, s, outcomes...)
	if _, err := s.Read(b.Context(), 0, 64, 64<<10); err != nil {
		b.Fatal(err)
	}
}
