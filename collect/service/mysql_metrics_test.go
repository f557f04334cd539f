package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect"
)

// readBatch reads output of mariadb --batch: a line with the columns' names, then the rows.
func readBatch(t testing.TB, path string) (columns []string, rows [][]string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows[0], rows[1:]
}

// readPairs reads such output with two columns, name and value.
func readPairs(t testing.TB, path string) map[string]string {
	t.Helper()
	values := make(map[string]string)
	_, rows := readBatch(t, path)
	for _, row := range rows {
		values[row[0]] = row[1]
	}
	return values
}

// capturedReply reads a server's reply from testdata/mysql.
func capturedReply(t testing.TB, version string) mysqlReply {
	t.Helper()
	dir := filepath.Join("testdata", "mysql", version)
	r := mysqlReply{status: readPairs(t, filepath.Join(dir, "status.tsv")), variables: readPairs(t, filepath.Join(dir, "variables.tsv"))}
	columns, rows := readBatch(t, filepath.Join(dir, "replica.tsv"))
	for _, row := range rows {
		values := make(map[string]string)
		for i, value := range row {
			if value != "NULL" {
				values[columns[i]] = value
			}
		}
		r.replicas = append(r.replicas, values)
	}
	return r
}

func TestMySQLReplies(t *testing.T) {
	type want map[string]string // "[dimension ]name" to "type value[ unit]", "" where it is absent
	for version, want := range map[string]want{
		"mariadb-10.11": {
			"core.connections": "gauge 8 connections", "qcache.size": "uint64 1048576 bytes", "innodb.rows_read": "",
			"replication.slave_running": "string ON", "replication.slave_io_running": "string Yes", "replication.seconds_behind_master": "uint64 0 seconds",
			"replication.read_master_log_pos": "uint64 1409 position", "replication.relay_log_size": "uint64 2009 bytes",
			"replication.slave_retried_transactions": "uint64 0 transactions", "replication.last_error": "",
		},
		"mariadb-10.5": {
			"core.connections": "gauge 8 connections", "core.queries": "gauge 14 queries", "qcache.size": "uint64 1048576 bytes",
			"innodb.os_log_pending_writes": "uint64 0 queries", "max.connections": "uint64 151 connections",
			"replication.slave_running": "string ON", "replication.slave_io_running": "string Yes", "replication.seconds_behind_master": "uint64 0 seconds",
			"replication.read_master_log_pos": "uint64 1368 position", "replication.last_io_errno": "uint64 0 errno",
		},
		"mariadb-11.8": {
			"core.connections": "gauge 8 connections", "core.queries": "gauge 3 queries", "innodb.os_log_pending_writes": "", "innodb.rows_read": "",
			"replication.slave_running": "string OFF", "replication.slave_io_running": "string Connecting", "replication.slave_sql_running": "string Yes",
			"replication.seconds_behind_master": "", "replication.exec_master_log_pos": "uint64 4 position", "replication.last_io_errno": "uint64 1045 errno",
		},
		"mysql-5.7": {
			"core.aborted_clients": "uint64 5 clients", "core.queries": "gauge 5802217 queries", "core.uptime": "uint64 1318847 seconds",
			"innodb.rows_read": "gauge 20311769645 rows", "innodb.row_lock_time_avg": "uint64 16 milliseconds", "innodb.data_pending_reads": "uint64 1 queries",
			"innodb.os_log_pending_writes": "uint64 0 queries", "threads.running": "uint64 3 threads", "qcache.not_cached": "gauge 2604290 queries",
			"bytes.sent": "gauge 4217761090 bytes", "handler.read_rnd_next": "gauge 402887316 queries", "max.connections": "uint64 151 connections",
			"key.buffer_size": "uint64 8388608 bytes", "innodb.buffer_pool_size": "uint64 134217728 bytes", "thread.cache_size": "uint64 9 bytes",
			"replication.slave_running": "", "replication.slave_open_temp_tables": "uint64 0 tables",
			"replication.seconds_behind_master": "uint64 37 seconds", "replication.exec_master_log_pos": "uint64 3011209 position",
			"replication.slave_io_state": "string Waiting for master to send event",
		},
		"mysql-8.4": {
			"core.queries": "gauge 118 queries", "qcache.size": "", "qcache.hits": "", "replication.slave_open_temp_tables": "uint64 0 tables",
			"replication.slave_io_running": "string Yes", "replication.slave_sql_running": "string Yes", "replication.seconds_behind_master": "uint64 0 seconds",
			"replication.read_master_log_pos": "uint64 61965 position", "replication.relay_log_pos": "uint64 715 position",
			"archive replication.slave_io_running": "string Connecting", "archive replication.seconds_behind_master": "",
			"archive replication.last_io_errno": "uint64 2003 errno", "archive core.queries": "",
		},
	} {
		t.Run(version, func(t *testing.T) {
			got := make(map[string]string)
			for _, m := range capturedReply(t, version).metrics() {
				if !m.Valid() {
					t.Errorf("%s: %q is not a valid %s", m.Name, m.Value, m.Type)
				}
				got[strings.TrimSpace(m.Dimension+" "+m.Name)] = strings.TrimSpace(string(m.Type) + " " + m.Value + " " + m.Unit)
			}
			for name, value := range want {
				if got[name] != value {
					t.Errorf("%s: %q, want %q", name, got[name], value)
				}
			}
		})
	}
}

// TestInvalidMySQLNumbers: a value that does not fit its metric's type is omitted.
func TestInvalidMySQLNumbers(t *testing.T) {
	r := mysqlReply{
		status:    map[string]string{"Queries": "many", "Uptime": "-1", "Connections": "1.5", "Threads_running": "18446744073709551615", "Slave_running": "ON"},
		variables: map[string]string{"max_connections": ""},
		replicas:  []map[string]string{{"Last_Errno": "0", "Seconds_Behind_Master": "0x5"}},
	}
	got := r.metrics()
	want := []collect.Metric{
		{Name: "threads.running", Type: collect.Uint64, Value: "18446744073709551615", Unit: "threads"},
		{Name: "replication.slave_running", Type: collect.String, Value: "ON"},
		{Name: "replication.last_errno", Type: collect.Uint64, Value: "0", Unit: "errno"},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
}

// TestMySQLVariants: what a fork or another release does not report is named, in groups.
func TestMySQLVariants(t *testing.T) {
	for version, want := range map[string]string{
		"mysql-8.4":    "success, but this server does not report 9 of 58 metrics: ",
		"mysql-5.7":    "",
		"mariadb-11.8": "success, but this server does not report 6 of 58 metrics: innodb.rows_deleted, innodb.rows_inserted, ",
	} {
		r := capturedReply(t, version).report(server{})
		if r.Unavailable || !strings.HasPrefix(r.Status, want) || want == "" && r.Status != "" {
			t.Errorf("%s: %q, want %q", version, r.Status, want)
		}
		if strings.HasPrefix(version, "mysql-8") && !strings.Contains(r.Status, "qcache.*") {
			t.Errorf("%s: %q", version, r.Status)
		}
	}
	hidden := capturedReply(t, "mysql-5.7")
	hidden.replicasHidden = true
	if r := hidden.report(server{}); r.Status != "success; the user may not see the state of the replication" {
		t.Errorf("%q", r.Status)
	}
	if r := (mysqlReply{status: map[string]string{"ProxySQL_Uptime": "1"}}).report(server{address: "db:6032"}); !r.Unavailable || r.Status != "db:6032 reports no status variable of MySQL" {
		t.Errorf("%+v", r)
	}
	// Counters past 2^32, and rows of MariaDB's named connections.
	r := mysqlReply{
		status:    map[string]string{"Queries": "5000000000", "Connections": "18446744073709551615"},
		variables: map[string]string{"gtid_slave_pos": ""},
		replicas: []map[string]string{
			{"Connection_name": "", "Slave_IO_Running": "Yes"}, {"Connection_name": "berlin", "Slave_IO_Running": "No"}, {"Connection_name": "oslo", "Slave_IO_Running": "Connecting"},
		},
	}
	got := make(map[string]string)
	for _, m := range r.metrics() {
		got[strings.TrimSpace(m.Dimension+" "+m.Name)] = m.Value
	}
	for name, value := range map[string]string{
		"core.queries": "5000000000", "core.connections": "18446744073709551615", "replication.slave_io_running": "Yes",
		"berlin replication.slave_io_running": "No", "oslo replication.slave_io_running": "Connecting",
	} {
		if got[name] != value {
			t.Errorf("%s: %q, want %q", name, got[name], value)
		}
	}
}
