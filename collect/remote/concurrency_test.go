package remote

import (
	"bytes"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// TestHundredChecks: a hundred checks of servers that send without end run at the same time, and
// the heap stays within the sum of this package's limits.
func TestHundredChecks(t *testing.T) {
	big := bytes.Repeat([]byte("x"), 1<<20)
	flood := func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := w.Write(big); err != nil {
				return
			}
		}
	}
	plain, safe := servePage(t, flood), serveTLS(t, newCertificate(certOptions{}), flood)
	talk := serveTCP(t, "127.0.0.1:0", func(conn net.Conn) {
		for {
			if _, err := conn.Write(big); err != nil {
				return
			}
		}
	})
	server := serveDNS(t, answerRecords(t, "www.example. 60 IN A 10.0.0.1"))
	registry, err := collect.NewRegistry(Types(Options{})...)
	if err != nil {
		t.Fatal(err)
	}
	var jobs []collect.Job
	for range 25 {
		for _, c := range []schedule.Check{
			{Type: "remote.http", Details: schedule.Details{"url": plain.URL, "body": "y"}},
			{Type: "remote.http", Details: schedule.Details{"url": safe.URL, "body": "y"}},
			{Type: "remote.tcp", Details: talk.details(schedule.Details{"banner_match": "y", "body_match": "y"})},
			{Type: "remote.dns", Details: schedule.Details{"query": "www.example", "server": server}},
		} {
			c.ID, c.Timeout = "crowd", 30*time.Second
			jobs = append(jobs, collect.Job{Check: c})
		}
	}
	checkNoGoroutines(t, func() {
		runner := collect.Runner{Registry: registry, Concurrency: len(jobs)}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		runner.Run(t.Context(), jobs, func(i int, o collect.Outcome) {
			if o.Result.State != collect.Available {
				t.Errorf("%s: %q", o.Result.CheckType, o.Result.Status)
			}
		})
		runtime.ReadMemStats(&after)
		// The servers are in this process as well.
		const limit = 128 << 20
		if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > limit {
			t.Errorf("the heap grew by %d bytes", grown)
		} else {
			t.Logf("the heap grew by %d KiB", grown>>10)
		}
	})
}
