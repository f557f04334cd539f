package alarm

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
)

// usual are the results that a host sends each minute: the checks of the usual schedule that default rules look at, and some
// that none does.
func (e *endpoint) usual() []intake.Result {
	var disks, nets, plain []metric
	for _, d := range []string{"/", "/boot", "/home", "/var"} {
		for i, name := range []string{"used", "avail", "total", "free", "files", "free_files"} {
			disks = append(disks, metric{d, name, float64(40 + i)})
		}
	}
	for _, d := range []string{"lo", "eth0"} {
		for i, name := range []string{"rx_bytes", "rx_packets", "rx_errors", "tx_bytes", "tx_packets", "tx_errors"} {
			nets = append(nets, metric{d, name, float64(1000 + i)})
		}
	}
	for i := range 12 {
		plain = append(plain, metric{"", fmt.Sprintf("figure_%d", i), float64(i)})
	}
	return []intake.Result{
		e.result("fs", "agent.filesystem", nil, disks...),
		e.result("memory", "agent.memory", nil, metric{"", "total", 8e9}, metric{"", "actual_free", 4e9}, metric{"", "swap_total", 2e9},
			metric{"", "swap_used", 1e6}, metric{"", "swap_page_in", 17}, metric{"", "free", 1e9}, metric{"", "used", 7e9}, metric{"", "actual_used", 4e9}),
		e.result("load", "agent.load_average", nil, metric{"", "1m", 0.5}, metric{"", "5m", 0.4}, metric{"", "15m", 0.3}),
		e.result("cpu", "agent.cpu", nil, append(plain, metric{"", "cpu_count", 4})...),
		e.result("net", "agent.network", nil, nets...),
		e.result("disk", "agent.disk", nil, plain...),
		e.result("processes", "agent.processes", nil, plain...),
		e.result("self", "agent.virgo", nil, append(plain, metric{"", "dropped_age", 0}, metric{"", "dropped_space", 0})...),
		e.result("web", "remote.http", nil, append(plain, metric{"", "cert_end_in", 6e6})...),
		e.result("ping", "remote.ping", nil, plain...),
	}
}

// fleet makes so many hosts known that have sent one result each, and returns the results of a minute of theirs, which are
// not stored.
func (e *endpoint) fleet(tb testing.TB, hosts int) []feed.Item {
	tb.Helper()
	for i := range hosts {
		e.store(tb, fmt.Sprintf("host%d", i), e.result("fs", "agent.filesystem", nil, disk(50)...))
	}
	agents, err := e.Agents(context.Background(), "")
	if err != nil {
		tb.Fatal(err)
	}
	results := e.usual()
	var items []feed.Item
	for i := range agents {
		for j := range results {
			r := results[j]
			r.AgentID = agents[i].ID
			metrics, err := intake.Metrics(r.Params)
			if err != nil {
				tb.Fatal(err)
			}
			items = append(items, feed.Item{Agent: agents[i].Number, Result: &r, Metrics: metrics})
		}
	}
	return items
}

// takeNow lets the engine judge an item as a result of the present.
func (e *endpoint) takeNow(tb testing.TB, item feed.Item) {
	own := *item.Result
	own.Seq, own.Time, own.Received = e.step.cursor+1, e.now, e.now
	item.Result = &own
	if err := e.Engine.take(context.Background(), &item, e.now); err != nil {
		tb.Fatal(err)
	}
	e.step.cursor = own.Seq
}

// What alarms cost for a result, in a fleet of a thousand hosts.
func BenchmarkTake1000Hosts(b *testing.B) {
	e := newEndpoint(b, nil)
	items := e.fleet(b, 1000)
	for _, item := range items {
		e.takeNow(b, item)
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%len(items) == 0 {
			e.now = e.now.Add(time.Minute)
		}
		e.takeNow(b, items[n%len(items)])
	}
}

// What a tick costs, and the memory of a host.
func BenchmarkTick1000Hosts(b *testing.B) {
	e := newEndpoint(b, nil)
	items := e.fleet(b, 1000)
	before := heap()
	for range 3 {
		e.now = e.now.Add(time.Minute)
		for _, item := range items {
			e.takeNow(b, item)
		}
	}
	perHost := float64(heap()-before) / 1000
	runtime.KeepAlive(items)
	for b.Loop() {
		e.now = e.now.Add(time.Millisecond)
		if err := e.Tick(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(perHost, "B/host")
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
