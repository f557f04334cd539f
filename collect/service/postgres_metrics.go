package service

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"virgo/collect"
	"virgo/schedule/number"
)

// A postgresMetric is a metric; the queries' columns have its name.
type postgresMetric struct {
	name string
	kind collect.MetricType
	unit string
}

// knownPostgresMetrics returns the metrics except cache_hit_percent. Counters are gauges, as in the
// other checks.
func knownPostgresMetrics() []postgresMetric {
	return []postgresMetric{
		{"version", collect.String, ""},
		{"uptime", collect.Uint64, "seconds"},
		{"is_replica", collect.Bool, ""},
		{"max_connections", collect.Uint64, "connections"},
		{"connections", collect.Uint64, "connections"},
		{"connections_active", collect.Uint64, "connections"},
		{"connections_idle", collect.Uint64, "connections"},
		{"connections_idle_in_transaction", collect.Uint64, "connections"},
		{"connections_waiting", collect.Uint64, "connections"},
		{"longest_transaction", collect.Double, "seconds"},
		{"commits", collect.Gauge, "transactions"},
		{"rollbacks", collect.Gauge, "transactions"},
		{"blocks_read", collect.Gauge, "blocks"},
		{"blocks_hit", collect.Gauge, "blocks"},
		{"tuples_returned", collect.Gauge, "rows"},
		{"tuples_fetched", collect.Gauge, "rows"},
		{"tuples_inserted", collect.Gauge, "rows"},
		{"tuples_updated", collect.Gauge, "rows"},
		{"tuples_deleted", collect.Gauge, "rows"},
		{"conflicts", collect.Gauge, "queries"},
		{"temp_files", collect.Gauge, "files"},
		{"temp_bytes", collect.Gauge, "bytes"},
		{"deadlocks", collect.Gauge, "deadlocks"},
		{"transaction_id_age", collect.Uint64, "transactions"},
		{"database_size", collect.Uint64, "bytes"},
		{"replicas", collect.Uint64, "servers"},
		{"replication_lag_bytes", collect.Uint64, "bytes"},
		{"replication_lag", collect.Double, "seconds"},
		{"replication_state", collect.String, ""},
	}
}

// expectedPostgresMetrics returns the names of the metrics that every primary and standby reports to
// a user who may see them. The counters of conflicts and the lag depend on the role.
func expectedPostgresMetrics() []string {
	var expected []string
	for _, m := range knownPostgresMetrics() {
		if !strings.HasPrefix(m.name, "replication_") {
			expected = append(expected, m.name)
		}
	}
	return expected
}

// postgresMetrics returns the metrics of the rows, sorted by their dimension, which is the row's
// column dimension.
func postgresMetrics(rows []map[string]string) []collect.Metric {
	var f collect.MetricBuilder
	for _, row := range rows {
		f.Dimension = row["dimension"]
		addPostgresMetrics(&f, row)
	}
	slices.SortStableFunc(f.Metrics, func(a, b collect.Metric) int {
		return cmp.Compare(a.Dimension, b.Dimension)
	})
	return f.Metrics
}

// addPostgresMetrics adds the metrics of a row. A value that does not fit the metric's type is
// omitted.
func addPostgresMetrics(f *collect.MetricBuilder, row map[string]string) {
	for _, m := range knownPostgresMetrics() {
		value, ok := row[m.name]
		if !ok {
			continue
		}
		switch m.kind {
		case collect.String:
			f.Text(m.name, value)
		case collect.Bool:
			f.Bool(m.name, value == "t")
		case collect.Double:
			if n, ok := number.Parse(value); ok {
				f.Double(m.name, n, m.unit)
			}
		default:
			if n, err := strconv.ParseUint(value, 10, 64); err == nil {
				f.Add(m.name, m.kind, strconv.FormatUint(n, 10), m.unit)
			}
		}
	}
}
