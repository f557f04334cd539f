package service

import (
	"strconv"
	"strings"

	"virgo/collect"
)

// parseRedisInfo reads the reply to INFO (https://redis.io/docs/latest/commands/info/): lines field:value,
// from 2.6 on under headings that begin with #. Of two with one name the first stands. Error: *garbageError
// where it names no version.
func parseRedisInfo(info []byte) (map[string]string, error) {
	fields := make(map[string]string)
	for line := range strings.Lines(string(info)) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if _, twice := fields[key]; ok && !twice && !strings.HasPrefix(key, "#") {
			fields[key] = value
		}
	}
	if fields["redis_version"] == "" {
		return nil, newGarbage("what INFO says", info)
	}
	return fields, nil
}

// redisFigures are the metrics of a reply to INFO. Those whose names begin with replication_ are this
// project's, the others the existing agent's. Error: *garbageError.
func redisFigures(info []byte) ([]collect.Metric, error) {
	fields, err := parseRedisInfo(info)
	if err != nil {
		return nil, err
	}
	var f collect.Figures
	for _, is := range []struct {
		name string
		t    collect.MetricType
		unit string
		of   string // the field of INFO
		old  string // its name before 2.6, where it had another
	}{
		{"version", collect.String, "", "redis_version", ""},
		{"uptime_in_seconds", collect.Uint32, "seconds", "uptime_in_seconds", ""},
		{"connected_clients", collect.Uint32, "clients", "connected_clients", ""},
		{"blocked_clients", collect.Uint32, "clients", "blocked_clients", ""},
		{"used_memory", collect.Uint64, "bytes", "used_memory", ""},
		{"bgsave_in_progress", collect.Uint32, "", "rdb_bgsave_in_progress", "bgsave_in_progress"},
		{"changes_since_last_save", collect.Uint32, "changes", "rdb_changes_since_last_save", "changes_since_last_save"},
		{"bgrewriteaof_in_progress", collect.Uint32, "", "aof_rewrite_in_progress", "bgrewriteaof_in_progress"},
		{"total_connections_received", collect.Gauge, "connections", "total_connections_received", ""},
		{"total_commands_processed", collect.Gauge, "commands", "total_commands_processed", ""},
		{"expired_keys", collect.Uint32, "keys", "expired_keys", ""},
		{"evicted_keys", collect.Uint32, "keys", "evicted_keys", ""},
		{"pubsub_patterns", collect.Uint32, "patterns", "pubsub_patterns", ""},
		{"replication_role", collect.String, "", "role", ""},
		{"replication_replicas", collect.Uint32, "replicas", "connected_slaves", ""},
		{"replication_link_status", collect.String, "", "master_link_status", ""},
		{"replication_sync_in_progress", collect.Uint32, "", "master_sync_in_progress", ""},
		{"replication_link_down", collect.Int64, "seconds", "master_link_down_since_seconds", ""},
	} {
		value, ok := fields[is.of]
		if !ok {
			value, ok = fields[is.old]
		}
		if ok {
			f.Add(is.name, is.t, value, is.unit)
		}
	}
	redisLag(&f, fields)
	return f.Metrics, nil
}

// redisLag adds how far replication is behind. A replica knows when it last heard from its master, which while
// the link is up is at least every ten seconds (repl-ping-replica-period). A master knows, from 2.8 on, of each
// replica how long ago it acknowledged and up to which byte (slave0:ip=…,state=online,offset=14,lag=0): the
// worst counts.
func redisLag(f *collect.Figures, fields map[string]string) {
	if ago, err := strconv.ParseUint(fields["master_last_io_seconds_ago"], 10, 64); err == nil {
		f.Uint64("replication_last_io", ago, "seconds")
	}
	written, err := strconv.ParseUint(fields["master_repl_offset"], 10, 64)
	if err != nil {
		return
	}
	var lag, behind uint64
	seen := false
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
				lag, seen = max(lag, number), true
			case key == "offset" && number <= written:
				behind = max(behind, written-number)
			}
		}
	}
	if seen {
		f.Uint64("replication_lag", lag, "seconds")
		f.Uint64("replication_lag_bytes", behind, "bytes")
	}
}
