package service

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// TestPostgresActivity: a client is idle, another idle in a transaction, a third waits for its
// lock; then the transaction is rolled back.
func TestPostgresActivity(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	p.exec(t, "CREATE ROLE open LOGIN", "CREATE TABLE sold (n int)", "INSERT INTO sold VALUES (1)")
	d := schedule.Details{"socket": p.socket()}
	idle, holder, waiter := p.open(t), p.open(t), p.open(t)
	for s, statement := range map[*postgresSession]string{idle: "SELECT 1", holder: "BEGIN; LOCK TABLE sold"} {
		if _, err := s.query(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	waited := make(chan error)
	go func() {
		_, err := waiter.query(t.Context(), "SELECT count(*) FROM sold")
		waited <- err
	}()
	waitForMetrics(t, "waiting", postgresType(), d, func(value func(string) string) bool {
		longest, _ := strconv.ParseFloat(value("longest_transaction"), 64)
		return value("connections") == "3" && value("connections_idle") == "1" && value("connections_idle_in_transaction") == "1" &&
			value("connections_active") == "1" && value("connections_waiting") == "1" && longest > 0
	})
	seen := metricsOf(t, postgresType(), schedule.Details{"host": "127.0.0.1", "port": p.port, "username": "open"})
	for _, hidden := range []string{"connections_active", "connections_idle", "connections_idle_in_transaction", "connections_waiting", "longest_transaction"} {
		if seen[hidden].Value != "" {
			t.Errorf("without pg_monitor: %+v", seen[hidden])
		}
	}
	if seen["connections"].Value != "3" || seen["commits"].Value == "" || seen["database_size"].Value == "" {
		t.Errorf("without pg_monitor: %v", seen)
	}
	rollbacks, _ := strconv.Atoi(metricsOf(t, postgresType(), d)["rollbacks"].Value)
	if _, err := holder.query(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	waitForMetrics(t, "rolled back", postgresType(), d, func(value func(string) string) bool {
		now, _ := strconv.Atoi(value("rollbacks"))
		return now > rollbacks && value("connections_waiting") == "0" && value("tuples_inserted") != "0"
	})
}

// TestBlockCounts: the hit rate is that between two samples.
func TestBlockCounts(t *testing.T) {
	count := func(started, hit, read uint64) blockCounts { return blockCounts{started, hit, read} }
	for name, test := range map[string]struct {
		before, now blockCounts
		percent     float64
		ok          bool
	}{
		"some":           {count(7, 100, 50), count(7, 175, 75), 75, true},
		"all":            {count(7, 100, 50), count(7, 101, 50), 100, true},
		"none":           {count(7, 100, 50), count(7, 100, 51), 0, true},
		"no requests":    {count(7, 100, 50), count(7, 100, 50), 0, false},
		"restarted":      {count(7, 100, 50), count(8, 175, 75), 0, false},
		"counters reset": {count(7, 100, 50), count(7, 99, 75), 0, false},
		"reads reset":    {count(7, 100, 50), count(7, 175, 49), 0, false},
	} {
		sample, ok := decodeBlockCounts(test.before.encode())
		if !ok || sample != test.before {
			t.Errorf("%s: %+v became %+v", name, test.before, sample)
		}
		if percent, ok := sample.hitPercent(test.now); percent != test.percent || ok != test.ok {
			t.Errorf("%s: %v, %v", name, percent, ok)
		}
	}
	for _, wrong := range [][]byte{nil, {}, {blockCountsVersion}, make([]byte, 25), append(count(1, 2, 3).encode(), 0)} {
		if _, ok := decodeBlockCounts(wrong); ok {
			t.Errorf("%v was accepted as a sample", wrong)
		}
	}
}

// TestPostgresWithoutAFact: a server that refuses a fact, as forks do, reports the others, and the
// status names what is missing.
func TestPostgresWithoutAFact(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	p.exec(t, "CREATE ROLE open LOGIN", "GRANT pg_monitor TO open", "REVOKE EXECUTE ON FUNCTION pg_postmaster_start_time() FROM PUBLIC")
	r := runCheck(t, postgresType(), schedule.Details{"socket": p.socket(), "username": "open"}, time.Minute)
	if r.State != collect.Available || !strings.HasPrefix(r.Status, "success, but this server does not report ") || !strings.Contains(r.Status, ": uptime") {
		t.Errorf("%s: %q", r.State, r.Status)
	}
	seen := make(map[string]bool)
	for _, m := range r.Metrics {
		seen[m.Name] = true
	}
	if seen["uptime"] || !seen["version"] || !seen["max_connections"] || !seen["commits"] {
		t.Errorf("%v", seen)
	}
}
