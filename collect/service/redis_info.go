package service

import (
	"strconv"
	"strings"

	"virgo/collect"
)

// parseRedisInfo parses the reply to INFO (https://redis.io/docs/latest/commands/info/): lines
// "field:value", from 2.6 on below headings that begin with #. The first of two lines with the same
// name counts. Error: *protocolError where there is no version.
func parseRedisInfo(info []byte) (map[string]string, error) {
	fields := make(map[string]string)
	for line := range strings.Lines(string(info)) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if _, duplicate := fields[key]; ok && !duplicate && !strings.HasPrefix(key, "#") {
			fields[key] = value
		}
	}
	if redisVersion(fields) == "" {
		return nil, newProtocolError("a reply to INFO", info)
	}
	return fields, nil
}

// A redisMetric is a metric and its source.
type redisMetric struct {
	name string
	t    collect.MetricType
	unit string
	// field is the name in INFO; older is that of versions before 2.6, or of a fork.
	field, older string
	// optional is set where a server without it lacks nothing, as a master lacks a link.
	optional bool
}

// knownRedisMetrics returns the metrics but the version and the lag. Those whose names begin with
// replication_ are this project's, the others the original agent's. What Redis prints with 64 bits
// is uint64.
func knownRedisMetrics() []redisMetric {
	return []redisMetric{
		{"uptime_in_seconds", collect.Uint64, "seconds", "uptime_in_seconds", "", false},
		{"connected_clients", collect.Uint32, "clients", "connected_clients", "", false},
		{"blocked_clients", collect.Uint32, "clients", "blocked_clients", "", false},
		{"used_memory", collect.Uint64, "bytes", "used_memory", "", false},
		{"bgsave_in_progress", collect.Uint32, "", "rdb_bgsave_in_progress", "bgsave_in_progress", false},
		{"changes_since_last_save", collect.Uint64, "changes", "rdb_changes_since_last_save", "changes_since_last_save", false},
		{"bgrewriteaof_in_progress", collect.Uint32, "", "aof_rewrite_in_progress", "bgrewriteaof_in_progress", false},
		{"total_connections_received", collect.Gauge, "connections", "total_connections_received", "", false},
		{"total_commands_processed", collect.Gauge, "commands", "total_commands_processed", "", false},
		{"expired_keys", collect.Uint64, "keys", "expired_keys", "", false},
		{"evicted_keys", collect.Uint64, "keys", "evicted_keys", "", false},
		{"pubsub_patterns", collect.Uint64, "patterns", "pubsub_patterns", "", false},
		{"replication_role", collect.String, "", "role", "", false},
		{"replication_replicas", collect.Uint32, "replicas", "connected_slaves", "connected_replicas", true},
		{"replication_link_status", collect.String, "", "master_link_status", "", true},
		{"replication_sync_in_progress", collect.Uint32, "", "master_sync_in_progress", "", true},
		{"replication_link_down", collect.Int64, "seconds", "master_link_down_since_seconds", "", true},
	}
}

// redisReport returns the report of a reply to INFO. Error: *protocolError.
func redisReport(info []byte) (collect.Report, error) {
	fields, err := parseRedisInfo(info)
	if err != nil {
		return collect.Report{}, err
	}
	var f collect.MetricBuilder
	f.Text("version", redisVersion(fields))
	var expected []string
	for _, m := range knownRedisMetrics() {
		value, ok := fields[m.field]
		if !ok {
			value, ok = fields[m.older]
		}
		if !m.optional {
			expected = append(expected, m.name)
		}
		if ok {
			addValid(&f, collect.Metric{Name: m.name, Type: m.t, Value: value, Unit: m.unit})
		}
	}
	redisLag(&f, fields)
	return collect.Report{Metrics: f.Metrics, Status: leftOutStatus(expected, f.Metrics)}, nil
}

// redisVersion returns the server's version. Forks report in redis_version which Redis they are
// compatible with, and their own version in a field of theirs; it has the fork's name before it.
func redisVersion(fields map[string]string) string {
	for _, fork := range []struct{ field, name string }{
		{"valkey_version", "Valkey"}, {"dragonfly_version", "Dragonfly"}, {"keydb_version", "KeyDB"},
		{"redict_version", "Redict"}, {"garnet_version", "Garnet"}, {"kvrocks_version", "Kvrocks"}, {"pika_version", "Pika"},
	} {
		if version := fields[fork.field]; version != "" {
			return fork.name + " " + strings.TrimPrefix(strings.TrimPrefix(version, "df-"), "v")
		}
	}
	return fields["redis_version"]
}

// redisLag adds the replication lag. A replica reports when it last received something from its
// master, which is at least every ten seconds while the link is up (repl-ping-replica-period). A
// master reports, from 2.8 on, when each replica last acknowledged and up to which offset
// (slave0:ip=…,state=online,offset=14,lag=0): the largest lag counts.
func redisLag(f *collect.MetricBuilder, fields map[string]string) {
	if ago, err := strconv.ParseUint(fields["master_last_io_seconds_ago"], 10, 64); err == nil {
		f.Uint64("replication_last_io", ago, "seconds")
	}
	written, err := strconv.ParseUint(fields["master_repl_offset"], 10, 64)
	if err != nil {
		return
	}
	var lag, behind uint64
	found := false
	for n := 0; ; n++ {
		replica, ok := fields["slave"+strconv.Itoa(n)]
		if !ok {
			break
		}
		for word := range strings.SplitSeq(replica, ",") {
			key, value, _ := strings.Cut(word, "=")
			number, err := strconv.ParseUint(value, 10, 64)
			switch {
			case err != nil:
			case key == "lag":
				lag, found = max(lag, number), true
			case key == "offset" && number <= written:
				behind = max(behind, written-number)
			}
		}
	}
	if found {
		f.Uint64("replication_lag", lag, "seconds")
		f.Uint64("replication_lag_bytes", behind, "bytes")
	}
}
