package service

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"virgo/collect"
)

// A postgresFigure is a metric; the queries name their columns as it is named.
type postgresFigure struct {
	name string
	kind collect.MetricType
	unit string
}

// postgresFigures are what is reported, beside cache_hit_percent. Counters are gauges, as those of the other checks.
func postgresFigures() []postgresFigure {
	return []postgresFigure{
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

// postgresMetrics are the figures of the rows that a server gave; a row's column dimension is theirs, and those without
// come first.
func postgresMetrics(rows []map[string]string) []collect.Metric {
	var f collect.Figures
	for _, row := range rows {
		f.Dimension = row["dimension"]
		addPostgres(&f, row)
	}
	slices.SortStableFunc(f.Metrics, func(a, b collect.Metric) int { return cmp.Compare(a.Dimension, b.Dimension) })
	return f.Metrics
}

// addPostgres adds the figures that a row has. What is not of the figure's type is left out.
func addPostgres(f *collect.Figures, row map[string]string) {
	for _, figure := range postgresFigures() {
		value, there := row[figure.name]
		if !there {
			continue
		}
		switch figure.kind {
		case collect.String:
			f.Text(figure.name, value)
		case collect.Bool:
			f.Bool(figure.name, value == "t")
		case collect.Double:
			if n, err := strconv.ParseFloat(value, 64); err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) {
				f.Double(figure.name, n, figure.unit)
			}
		default:
			if n, err := strconv.ParseUint(value, 10, 64); err == nil {
				f.Add(figure.name, figure.kind, strconv.FormatUint(n, 10), figure.unit)
			}
		}
	}
}
