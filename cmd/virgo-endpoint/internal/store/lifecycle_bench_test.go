package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

// BenchmarkDeleteMonth deletes thirty days of results while one agent appends. It reports the longest append meanwhile, and the
// longest without a deletion, in ms.
func BenchmarkDeleteMonth(b *testing.B) {
	const days, dayBytes = 30, 64 << 20
	for range b.N {
		f := newHosts(b, "web1")
		if _, _, err := f.s.SetBounds(b.Context(), Bounds{MaxBytes: -1, MinFree: &retention.Limit{}}); err != nil {
			b.Fatal(err)
		}
		noise := make([]byte, dayBytes)
		rand.Read(noise)
		for n := range int64(days) {
			f.put(8)
			f.day()
			// Behind its pages SQLite ignores what a file has.
			file, err := os.OpenFile(f.s.segmentPath(n+1), os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = file.Write(noise)
				err = errors.Join(err, file.Sync(), file.Close())
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		idle := longestAppend(b, f, func() { time.Sleep(2 * time.Second) })
		if _, _, err := f.s.SetBounds(b.Context(), Bounds{MaxBytes: 1, MinFree: &retention.Limit{}}); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		longest := longestAppend(b, f, func() {
			if err := f.upkeep(); err != nil {
				b.Error(err)
			}
		})
		if got := f.states(); strings.Contains(got, "sealed") {
			b.Fatal(got)
		}
		b.ReportMetric(float64(longest.Microseconds())/1000, "longest-ms")
		b.ReportMetric(float64(idle.Microseconds())/1000, "idle-longest-ms")
		b.ReportMetric(time.Since(began).Seconds(), "deleting-s")
	}
}

// longestAppend appends until do returns, and returns the time of the longest append.
func longestAppend(b *testing.B, f *hosts, do func()) (longest time.Duration) {
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan time.Duration)
	go func() {
		var longest time.Duration
		for n := f.order["web1"] + 1; ctx.Err() == nil; n++ {
			began := time.Now()
			_, err := f.s.Append(b.Context(), []intake.Arrival{{AgentID: "web1", Access: f.access["web1"], Received: f.now,
				Results: []intake.Result{f.result("web1", n, f.now)}}})
			if err != nil {
				b.Error(err)
			}
			f.order["web1"] = n
			longest = max(longest, time.Since(began))
		}
		done <- longest
	}()
	do()
	stop()
	return <-done
}

// metricsParams are params as an agent sends them, with other figures in each.
func metricsParams(n uint64) []byte {
	b := fmt.Appendf(nil, `{"check_id":"c%d","check_type":"agent.memory","status":"fine","state":"available","timestamp":%d,"metrics":[`, n%7, n*60000)
	for i, name := range []string{"total", "used", "free", "cached", "buffers", "swap_total", "swap_used", "active", "inactive"} {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"name":%q,"dimension":"","type":"int64","unit":"bytes","value":"%d"}`, name, (n*2654435761+uint64(i)*40503)%(1<<34))
	}
	return append(b, "]}"...)
}

// BenchmarkMigration moves a table of 100,000 results into segments. It reports the bytes of a result before and after.
func BenchmarkMigration(b *testing.B) {
	for range b.N {
		b.StopTimer()
		f := tableWith(b, 5000, metricsParams, "web1", "web2", "web3", "web4")
		before := fileBytes(f.path)
		b.StartTimer()
		if err := f.moveAll(); err != nil {
			b.Fatal(err)
		}
		c, err := f.s.catalogue(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		after, results := int64(0), int64(0)
		for _, e := range c.entries {
			after, results = after+e.bytes, results+e.results
		}
		b.ReportMetric(float64(before)/float64(results), "before-B/result")
		b.ReportMetric(float64(after)/float64(results), "after-B/result")
	}
}
