package live

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
)

// usual are results as a host with the default checks sends them: about a hundred values in eight checks.
func usual(agent intake.AgentNumber, seq int64, at time.Time) []feed.Item {
	var items []feed.Item
	for c, check := range []struct {
		typ        string
		dimensions int
		metrics    []string
	}{
		{"agent.cpu", 0, []string{"usage_average", "cpu_count", "user", "sys", "idle", "wait", "irq", "stolen", "max", "min"}},
		{"agent.memory", 0, []string{"total", "used", "free", "actual_used", "actual_free", "swap_total", "swap_used", "swap_free", "ram"}},
		{"agent.load_average", 0, []string{"1m", "5m", "15m"}},
		{"agent.disk", 2, []string{"reads", "writes", "read_bytes", "write_bytes", "rtime", "wtime", "time", "queue"}},
		{"agent.filesystem", 3, []string{"total", "free", "used", "avail", "files", "free_files"}},
		{"agent.network", 2, []string{"rx_bytes", "rx_packets", "rx_errors", "tx_bytes", "tx_packets", "tx_errors"}},
		{"agent.virgo", 0, []string{"spool_results", "spool_bytes", "spool_oldest_age", "last_run_duration"}},
		{"agent.plugin", 0, []string{"n"}},
	} {
		r := intake.Result{Seq: seq + int64(c), AgentID: fmt.Sprint("host", agent), CheckID: check.typ[6:], CheckType: check.typ, State: "available",
			Time: at, Received: at, Params: []byte(`{"min_check_period":60000}`)}
		item := feed.Item{Agent: agent, Result: &r}
		for d := range max(check.dimensions, 1) {
			dimension := ""
			if check.dimensions > 0 {
				dimension = fmt.Sprint("d", d)
			}
			for i, m := range check.metrics {
				item.Metrics = append(item.Metrics, intake.Metric{Dimension: dimension, Name: m, Type: "uint64", Value: fmt.Sprint(seq%100 + int64(i))})
			}
		}
		items = append(items, item)
	}
	return items
}

func filled(b *testing.B, hosts int) *Table {
	t := New(&intaketest.Memory{}, time.Now)
	for n := range hosts {
		if err := t.Take(b.Context(), usual(intake.AgentNumber(n+1), 1, time.Now())); err != nil {
			b.Fatal(err)
		}
	}
	return t
}

// The memory of a host is that of its values: names are shared.
func BenchmarkMemoryOfHost(b *testing.B) {
	const hosts = 2000
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		t := filled(b, hosts)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/hosts, "B/host")
		runtime.KeepAlive(t)
	}
}

func BenchmarkRows500(b *testing.B) {
	t := filled(b, 500)
	for b.Loop() {
		if rows := t.Rows(time.Now()); len(rows) != 500 {
			b.Fatal(len(rows))
		}
	}
}

// What a host sends in a minute.
func BenchmarkTakeHost(b *testing.B) {
	t := filled(b, 100)
	seq, at := int64(100), time.Now()
	for b.Loop() {
		b.StopTimer()
		seq, at = seq+100, at.Add(time.Minute)
		items := usual(7, seq, at)
		b.StartTimer()
		if err := t.Take(b.Context(), items); err != nil {
			b.Fatal(err)
		}
	}
}
