package service

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"virgo/collect"
)

// readTestdata reads a captured reply.
func readTestdata(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", path))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkMetrics compares the metrics with lines "name value" and with the types and units of the
// table. None may be missing, and no other may be there.
func checkMetrics(t *testing.T, metrics []collect.Metric, table, want string) {
	t.Helper()
	types := parseTable(table)
	values := make(map[string]string)
	for line := range strings.Lines(want) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			values[name] = value
		}
	}
	for _, m := range metrics {
		if m.Value != values[m.Name] {
			t.Errorf("%s is %q, want %q", m.Name, m.Value, values[m.Name])
		}
		if is := types[m.Name]; m.Type != is.Type || m.Unit != is.Unit {
			t.Errorf("%s: %s in %q, want %s in %q", m.Name, m.Type, m.Unit, is.Type, is.Unit)
		}
		if !m.Valid() {
			t.Errorf("%s: %q is not a valid %s", m.Name, m.Value, m.Type)
		}
		delete(values, m.Name)
	}
	if len(values) > 0 {
		t.Errorf("not reported: %v", slices.Sorted(maps.Keys(values)))
	}
}

// redisTable has the original agent's names and types, and the new ones of replication.
const redisTable = `
	string - version
	uint64 seconds uptime_in_seconds
	uint32 clients connected_clients blocked_clients
	uint64 bytes used_memory
	uint32 - bgsave_in_progress bgrewriteaof_in_progress
	uint64 changes changes_since_last_save
	gauge connections total_connections_received
	gauge commands total_commands_processed
	uint64 keys expired_keys evicted_keys
	uint64 patterns pubsub_patterns
	string - replication_role replication_link_status
	uint32 replicas replication_replicas
	uint32 - replication_sync_in_progress
	int64 seconds replication_link_down
	uint64 seconds replication_lag replication_last_io
	uint64 bytes replication_lag_bytes`

func TestRedisInfo(t *testing.T) {
	for file, want := range map[string]string{
		"2.4-master": `version 2.4.14
			uptime_in_seconds 423811
			connected_clients 17
			blocked_clients 2
			used_memory 9726144
			bgsave_in_progress 1
			changes_since_last_save 119
			bgrewriteaof_in_progress 1
			total_connections_received 40211
			total_commands_processed 5123993
			expired_keys 311
			evicted_keys 12
			pubsub_patterns 4
			replication_role master
			replication_replicas 1`,
		"2.6-replica": `version 2.6.17
			uptime_in_seconds 86401
			connected_clients 5
			blocked_clients 1
			used_memory 1726144
			bgsave_in_progress 0
			changes_since_last_save 7
			bgrewriteaof_in_progress 0
			total_connections_received 311
			total_commands_processed 90211
			expired_keys 0
			evicted_keys 0
			pubsub_patterns 1
			replication_role slave
			replication_replicas 0
			replication_link_status down
			replication_sync_in_progress 0
			replication_link_down 41`,
		"6.0-master": `version 6.0.16
			uptime_in_seconds 4
			connected_clients 1
			blocked_clients 0
			used_memory 1983672
			bgsave_in_progress 0
			changes_since_last_save 0
			bgrewriteaof_in_progress 0
			total_connections_received 2
			total_commands_processed 8
			expired_keys 0
			evicted_keys 0
			pubsub_patterns 0
			replication_role master
			replication_replicas 1
			replication_lag 0
			replication_lag_bytes 0`,
		"6.0-replica": `version 6.0.16
			uptime_in_seconds 4
			connected_clients 2
			blocked_clients 0
			used_memory 1941720
			bgsave_in_progress 0
			changes_since_last_save 0
			bgrewriteaof_in_progress 0
			total_connections_received 1
			total_commands_processed 0
			expired_keys 0
			evicted_keys 0
			pubsub_patterns 0
			replication_role slave
			replication_replicas 0
			replication_link_status up
			replication_sync_in_progress 0
			replication_last_io 4`,
		"8.0-master": `version 8.0.2
			uptime_in_seconds 4
			connected_clients 1
			blocked_clients 0
			used_memory 790672
			bgsave_in_progress 0
			changes_since_last_save 0
			bgrewriteaof_in_progress 0
			total_connections_received 3
			total_commands_processed 6
			expired_keys 0
			evicted_keys 0
			pubsub_patterns 0
			replication_role master
			replication_replicas 1
			replication_lag 0
			replication_lag_bytes 0`,
		"8.0-replica": `version 8.0.2
			uptime_in_seconds 39
			connected_clients 2
			blocked_clients 0
			used_memory 784152
			bgsave_in_progress 0
			changes_since_last_save 0
			bgrewriteaof_in_progress 0
			total_connections_received 4
			total_commands_processed 6
			expired_keys 0
			evicted_keys 0
			pubsub_patterns 0
			replication_role slave
			replication_replicas 0
			replication_link_status up
			replication_sync_in_progress 0
			replication_last_io 9`,
		"7.0-master": `version 7.0.15
			uptime_in_seconds 5
			connected_clients 1
			blocked_clients 0
			used_memory 1059128
			bgsave_in_progress 0
			changes_since_last_save 2
			bgrewriteaof_in_progress 0
			total_connections_received 4
			total_commands_processed 8
			expired_keys 1
			evicted_keys 0
			pubsub_patterns 0
			replication_role master
			replication_replicas 1
			replication_lag 0
			replication_lag_bytes 0`,
		"7.0-replica": `version 7.0.15
			uptime_in_seconds 5
			connected_clients 2
			blocked_clients 0
			used_memory 919576
			bgsave_in_progress 0
			changes_since_last_save 0
			bgrewriteaof_in_progress 0
			total_connections_received 1
			total_commands_processed 0
			expired_keys 0
			evicted_keys 0
			pubsub_patterns 0
			replication_role slave
			replication_replicas 0
			replication_link_status up
			replication_sync_in_progress 0
			replication_last_io 0`,
		"7.0-replica-alone": `version 7.0.15
			uptime_in_seconds 5
			connected_clients 2
			blocked_clients 0
			used_memory 919576
			bgsave_in_progress 0
			changes_since_last_save 0
			bgrewriteaof_in_progress 0
			total_connections_received 1
			total_commands_processed 0
			expired_keys 0
			evicted_keys 0
			pubsub_patterns 0
			replication_role slave
			replication_replicas 0
			replication_link_status down
			replication_sync_in_progress 0
			replication_link_down 1`,
	} {
		t.Run(file, func(t *testing.T) {
			report, err := redisReport(readTestdata(t, "redis/"+file+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			checkMetrics(t, report.Metrics, redisTable, want)
			if report.Status != "" {
				t.Errorf("status %q", report.Status)
			}
		})
	}
}

// TestRedisLag: the largest lag counts; an offset beyond the master's is ignored.
func TestRedisLag(t *testing.T) {
	report, err := redisReport([]byte("redis_version:7.2.4\r\nrole:master\r\nconnected_slaves:3\r\nmaster_repl_offset:5000\r\n" +
		"slave0:ip=10.0.0.5,port=6379,state=online,offset=4990,lag=1\r\n" +
		"slave1:ip=fd00::6,port=6379,state=online,offset=4000,lag=7\r\n" +
		"slave2:ip=10.0.0.7,port=6379,state=online,offset=5010,lag=0\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	checkMetrics(t, report.Metrics, redisTable, `version 7.2.4
		replication_role master
		replication_replicas 3
		replication_lag 7
		replication_lag_bytes 1000`)
}

func TestInvalidRedisInfo(t *testing.T) {
	for _, text := range []string{"", "\r\n", "redis_version:\r\n", "#redis_version:7.0\r\n", "uptime_in_seconds:5\r\n", "\x00\xff"} {
		var protocol *protocolError
		if metrics, err := redisReport([]byte(text)); !errors.As(err, &protocol) {
			t.Errorf("%q: %v, %v", text, metrics, err)
		}
	}
}

// TestRedisForks: a fork's own version, not that of the Redis that it is compatible with; counters
// of 64 bits; and what a fork does not report is named.
func TestRedisForks(t *testing.T) {
	const small = "connected_clients:1\r\nblocked_clients:0\r\nused_memory:1024\r\nrdb_bgsave_in_progress:0\r\n" +
		"aof_rewrite_in_progress:0\r\ntotal_connections_received:1\r\ntotal_commands_processed:18446744073709551615\r\n" +
		"evicted_keys:4294967296\r\npubsub_patterns:0\r\nrole:master\r\n"
	const large = small + "uptime_in_seconds:5000000000\r\nrdb_changes_since_last_save:6912345678\r\nexpired_keys:5000000000\r\n"
	for info, want := range map[string][2]string{
		"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.3\r\n" + large: {"Valkey 8.1.3", ""},
		"redis_version:7.4.0\r\ndragonfly_version:df-v1.27.1\r\n" + large:               {"Dragonfly 1.27.1", ""},
		"kvrocks_version:2.9.0\r\n" + large:                                             {"Kvrocks 2.9.0", ""},
		"redis_version:7.2.5\r\nredict_version:7.3.0\r\n" + large:                       {"Redict 7.3.0", ""},
		"redis_version:6.3.4\r\n" + large:                                               {"6.3.4", ""},
		"pika_version:3.5.2\r\n" + small:                                                {"Pika 3.5.2", "success, but this server does not report 3 of 13 metrics: uptime_in_seconds, changes_since_last_save, expired_keys"},
		"redis_version:7.0.0\r\n" + large + "x:1\r\n":                                   {"7.0.0", ""},
		"redis_version:7.0.0\r\nevicted_keys:many\r\n" + large:                          {"7.0.0", "success, but this server does not report 1 of 13 metrics: evicted_keys"},
	} {
		report, err := redisReport([]byte(info))
		if err != nil {
			t.Fatal(err)
		}
		values := make(map[string]string)
		for _, m := range report.Metrics {
			if !m.Valid() {
				t.Errorf("%+v", m)
			}
			values[m.Name] = m.Value
		}
		if values["version"] != want[0] || report.Status != want[1] {
			t.Errorf("%.60q: version %q, status %q, want %q", info, values["version"], report.Status, want)
		}
		if want[1] == "" && (values["expired_keys"] != "5000000000" || values["evicted_keys"] != "4294967296" ||
			values["changes_since_last_save"] != "6912345678" || values["uptime_in_seconds"] != "5000000000") {
			t.Errorf("%.60q: %v", info, values)
		}
	}
}
