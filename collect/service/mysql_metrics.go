package service

import (
	"cmp"
	"strconv"
	"strings"

	"virgo/collect"
)

// A mysqlMetric is a metric and its source.
type mysqlMetric struct {
	// name, kind and unit are the original agent's.
	name string
	kind collect.MetricType
	unit string
	// source is the variable or column; later is its name since MySQL 8.0.22, where that differs.
	source, later string
}

// A mysqlReply is what a server returned, without NULLs.
type mysqlReply struct {
	// status and variables are the values of SHOW GLOBAL STATUS and SHOW GLOBAL VARIABLES by name.
	status, variables map[string]string
	// replicas are the rows of the replica status by column; none where the server is not a replica.
	replicas []map[string]string
	// replicasHidden is set where the user may not see the replica status.
	replicasHidden bool
}

// isMariaDB reports whether the server knows named connections (MariaDB from 10.0 on), by a variable
// that no other server has. Its version may be any text.
func (r mysqlReply) isMariaDB() bool {
	_, ok := r.variables["gtid_slave_pos"]
	return ok
}

// report returns the report. The replica's metrics are optional, since most servers are none.
func (r mysqlReply) report(s server) collect.Report {
	metrics := r.metrics()
	if len(metrics) == 0 {
		return collect.Report{Unavailable: true, Status: s.address + " reports no status variable of MySQL"}
	}
	var known []string
	for _, m := range append(mysqlStatusMetrics(), mysqlVariableMetrics()...) {
		if !strings.HasPrefix(m.name, "replication.") {
			known = append(known, m.name)
		}
	}
	status := leftOutStatus(known, metrics)
	if r.replicasHidden {
		status = joinStatus(cmp.Or(status, "success"), "the user may not see the state of the replication")
	}
	return collect.Report{Metrics: metrics, Status: status}
}

// metrics returns the metrics. Their dimension is the replica's named channel (MySQL's multi-source
// replication) or connection (MariaDB's).
func (r mysqlReply) metrics() []collect.Metric {
	var f collect.MetricBuilder
	addMySQLMetrics(&f, mysqlStatusMetrics(), r.status)
	addMySQLMetrics(&f, mysqlVariableMetrics(), r.variables)
	for _, row := range r.replicas {
		f.Dimension = cmp.Or(row["Channel_Name"], row["Connection_name"])
		addMySQLMetrics(&f, mysqlReplicaMetrics(), row)
	}
	return f.Metrics
}

// addMySQLMetrics adds the metrics whose sources are in values. A number that cannot be parsed
// (empty, or a fork's word) is omitted.
func addMySQLMetrics(f *collect.MetricBuilder, known []mysqlMetric, values map[string]string) {
	for _, m := range known {
		value := values[m.source]
		if value == "" && m.later != "" {
			value = values[m.later]
		}
		if value == "" {
			continue
		}
		if m.kind == collect.String {
			f.Text(m.name, value)
			continue
		}
		if n, err := strconv.ParseUint(value, 10, 64); err == nil {
			f.Add(m.name, m.kind, strconv.FormatUint(n, 10), m.unit)
		}
	}
}

// mysqlStatusMetrics returns the metrics of SHOW GLOBAL STATUS.
func mysqlStatusMetrics() []mysqlMetric {
	return []mysqlMetric{
		{"core.aborted_clients", collect.Uint64, "clients", "Aborted_clients", ""},
		{"core.connections", collect.Gauge, "connections", "Connections", ""},
		{"core.queries", collect.Gauge, "queries", "Queries", ""},
		{"core.uptime", collect.Uint64, "seconds", "Uptime", ""},

		{"innodb.row_lock_time", collect.Gauge, "milliseconds", "Innodb_row_lock_time", ""},
		{"innodb.row_lock_time_avg", collect.Uint64, "milliseconds", "Innodb_row_lock_time_avg", ""},
		{"innodb.row_lock_time_max", collect.Uint64, "milliseconds", "Innodb_row_lock_time_max", ""},
		{"innodb.row_lock_waits", collect.Gauge, "locks", "Innodb_row_lock_waits", ""},
		{"innodb.rows_deleted", collect.Gauge, "rows", "Innodb_rows_deleted", ""},
		{"innodb.rows_inserted", collect.Gauge, "rows", "Innodb_rows_inserted", ""},
		{"innodb.rows_read", collect.Gauge, "rows", "Innodb_rows_read", ""},
		{"innodb.rows_updated", collect.Gauge, "rows", "Innodb_rows_updated", ""},
		{"innodb.buffer_pool_pages_data", collect.Uint64, "pages", "Innodb_buffer_pool_pages_data", ""},
		{"innodb.buffer_pool_pages_dirty", collect.Uint64, "pages", "Innodb_buffer_pool_pages_dirty", ""},
		{"innodb.buffer_pool_pages_flushed", collect.Gauge, "pages", "Innodb_buffer_pool_pages_flushed", ""},
		{"innodb.buffer_pool_pages_free", collect.Uint64, "pages", "Innodb_buffer_pool_pages_free", ""},
		{"innodb.buffer_pool_pages_total", collect.Uint64, "pages", "Innodb_buffer_pool_pages_total", ""},
		{"innodb.buffer_pool_read_requests", collect.Gauge, "queries", "Innodb_buffer_pool_read_requests", ""},
		{"innodb.buffer_pool_reads", collect.Gauge, "queries", "Innodb_buffer_pool_reads", ""},
		{"innodb.data_pending_fsyncs", collect.Uint64, "queries", "Innodb_data_pending_fsyncs", ""},
		{"innodb.data_pending_reads", collect.Uint64, "queries", "Innodb_data_pending_reads", ""},
		{"innodb.data_pending_writes", collect.Uint64, "queries", "Innodb_data_pending_writes", ""},
		{"innodb.os_log_pending_fsyncs", collect.Uint64, "queries", "Innodb_os_log_pending_fsyncs", ""},
		{"innodb.os_log_pending_writes", collect.Uint64, "queries", "Innodb_os_log_pending_writes", ""},
		{"innodb.pages_created", collect.Gauge, "pages", "Innodb_pages_created", ""},
		{"innodb.pages_read", collect.Gauge, "pages", "Innodb_pages_read", ""},
		{"innodb.pages_written", collect.Gauge, "pages", "Innodb_pages_written", ""},

		{"threads.connected", collect.Uint64, "threads", "Threads_connected", ""},
		{"threads.created", collect.Uint64, "threads", "Threads_created", ""},
		{"threads.running", collect.Uint64, "threads", "Threads_running", ""},

		{"qcache.free_blocks", collect.Uint64, "blocks", "Qcache_free_blocks", ""},
		{"qcache.free_memory", collect.Uint64, "bytes", "Qcache_free_memory", ""},
		{"qcache.hits", collect.Gauge, "hits", "Qcache_hits", ""},
		{"qcache.inserts", collect.Gauge, "inserts", "Qcache_inserts", ""},
		{"qcache.lowmem_prunes", collect.Gauge, "prunes", "Qcache_lowmem_prunes", ""},
		{"qcache.not_cached", collect.Gauge, "queries", "Qcache_not_cached", ""},
		{"qcache.queries_in_cache", collect.Uint64, "queries", "Qcache_queries_in_cache", ""},
		{"qcache.total_blocks", collect.Uint64, "blocks", "Qcache_total_blocks", ""},

		{"bytes.received", collect.Gauge, "bytes", "Bytes_received", ""},
		{"bytes.sent", collect.Gauge, "bytes", "Bytes_sent", ""},

		{"handler.commit", collect.Gauge, "queries", "Handler_commit", ""},
		{"handler.delete", collect.Gauge, "queries", "Handler_delete", ""},
		{"handler.read_first", collect.Gauge, "queries", "Handler_read_first", ""},
		{"handler.read_key", collect.Gauge, "queries", "Handler_read_key", ""},
		{"handler.read_next", collect.Gauge, "queries", "Handler_read_next", ""},
		{"handler.read_prev", collect.Gauge, "queries", "Handler_read_prev", ""},
		{"handler.read_rnd", collect.Gauge, "queries", "Handler_read_rnd", ""},
		{"handler.read_rnd_next", collect.Gauge, "queries", "Handler_read_rnd_next", ""},
		{"handler.rollback", collect.Uint64, "queries", "Handler_rollback", ""},
		{"handler.savepoint", collect.Uint64, "queries", "Handler_savepoint", ""},
		{"handler.savepoint_rollback", collect.Uint64, "queries", "Handler_savepoint_rollback", ""},
		{"handler.update", collect.Gauge, "queries", "Handler_update", ""},
		{"handler.write", collect.Gauge, "queries", "Handler_write", ""},

		{"replication.slave_running", collect.String, "", "Slave_running", ""},
		{"replication.slave_open_temp_tables", collect.Uint64, "tables", "Slave_open_temp_tables", "Replica_open_temp_tables"},
		{"replication.slave_retried_transactions", collect.Uint64, "transactions", "Slave_retried_transactions", ""},
	}
}

// mysqlVariableMetrics returns the metrics of SHOW GLOBAL VARIABLES. thread.cache_size counts
// threads; stored data has it in bytes.
func mysqlVariableMetrics() []mysqlMetric {
	return []mysqlMetric{
		{"max.connections", collect.Uint64, "connections", "max_connections", ""},
		{"key.buffer_size", collect.Uint64, "bytes", "key_buffer_size", ""},
		{"innodb.buffer_pool_size", collect.Uint64, "bytes", "innodb_buffer_pool_size", ""},
		{"thread.cache_size", collect.Uint64, "bytes", "thread_cache_size", ""},
		{"qcache.size", collect.Uint64, "bytes", "query_cache_size", ""},
	}
}

// mysqlReplicaMetrics returns the metrics of the replica status. MariaDB keeps the older columns'
// names for both spellings of the statement.
func mysqlReplicaMetrics() []mysqlMetric {
	return []mysqlMetric{
		{"replication.slave_io_state", collect.String, "", "Slave_IO_State", "Replica_IO_State"},
		{"replication.slave_io_running", collect.String, "", "Slave_IO_Running", "Replica_IO_Running"},
		{"replication.slave_sql_running", collect.String, "", "Slave_SQL_Running", "Replica_SQL_Running"},
		{"replication.seconds_behind_master", collect.Uint64, "seconds", "Seconds_Behind_Master", "Seconds_Behind_Source"},
		{"replication.read_master_log_pos", collect.Uint64, "position", "Read_Master_Log_Pos", "Read_Source_Log_Pos"},
		{"replication.exec_master_log_pos", collect.Uint64, "position", "Exec_Master_Log_Pos", "Exec_Source_Log_Pos"},
		{"replication.relay_log_pos", collect.Uint64, "position", "Relay_Log_Pos", ""},
		{"replication.relay_log_size", collect.Uint64, "bytes", "Relay_Log_Space", ""},
		{"replication.last_errno", collect.Uint64, "errno", "Last_Errno", ""},
		{"replication.last_error", collect.String, "", "Last_Error", ""},
		{"replication.last_io_errno", collect.Uint64, "errno", "Last_IO_Errno", ""},
		{"replication.last_io_error", collect.String, "", "Last_IO_Error", ""},
	}
}
