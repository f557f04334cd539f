package service

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// waitForMetrics waits until the check's metrics satisfy the condition.
func waitForMetrics(
	t *testing.T, what string, typ collect.Type, d schedule.Details, condition func(value func(name string) string) bool,
) {
	t.Helper()
	var seen map[string]collect.Metric
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s: the last metrics were %v", what, seen)
		}
	})
	waitUntil(t, what, func() bool {
		seen = metricsOf(t, typ, d)
		return condition(func(name string) string { return seen[name].Value })
	})
}

// TestMySQLReplica: a replica that is up to date, lags, fails, is stopped, and loses its source.
func TestMySQLReplica(t *testing.T) {
	t.Parallel()
	source := startMariaDB(t, "--server-id=1")
	replica := startMariaDB(t, "--server-id=2")
	source.exec(t, `CREATE USER follow@'%' IDENTIFIED BY 'follow'; GRANT REPLICATION SLAVE ON *.* TO follow@'%';
		CREATE DATABASE shop; CREATE TABLE shop.sold (n INT)`)
	replica.exec(t, `CREATE USER nothing@'%'; CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=`+source.port+`,
		MASTER_USER='follow', MASTER_PASSWORD='follow', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1; START SLAVE`)
	d := schedule.Details{"socket": replica.socket, "username": "root"}
	position := source.position(t)
	waitForMetrics(t, "up to date", mysqlType(), d, func(value func(string) string) bool {
		return value("replication.slave_io_running") == "Yes" && value("replication.slave_sql_running") == "Yes" &&
			value("replication.slave_running") == "ON" && value("replication.seconds_behind_master") == "0" &&
			value("replication.read_master_log_pos") == position && value("replication.exec_master_log_pos") == position &&
			value("replication.last_errno") == "0" && value("replication.last_io_errno") == "0" && value("replication.last_error") == ""
	})

	// The delay is an hour, and the transaction nine minutes old.
	replica.exec(t, "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=3600; START SLAVE")
	source.exec(t, "SET TIMESTAMP=UNIX_TIMESTAMP()-540; INSERT INTO shop.sold VALUES (1)")
	waitForMetrics(t, "behind", mysqlType(), d, func(value func(string) string) bool {
		behind, _ := strconv.Atoi(value("replication.seconds_behind_master"))
		return behind >= 540 && behind < 3600 && value("replication.read_master_log_pos") != value("replication.exec_master_log_pos")
	})

	replica.exec(t, "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=0; SET sql_log_bin=0; DROP TABLE shop.sold; START SLAVE")
	waitForMetrics(t, "broken", mysqlType(), d, func(value func(string) string) bool {
		return value("replication.slave_io_running") == "Yes" && value("replication.slave_sql_running") == "No" &&
			value("replication.last_errno") == "1146" && value("replication.last_error") != "" && value("replication.seconds_behind_master") == ""
	})

	replica.exec(t, "STOP SLAVE")
	waitForMetrics(t, "stopped", mysqlType(), d, func(value func(string) string) bool {
		return value("replication.slave_io_running") == "No" && value("replication.slave_running") == "OFF" && value("core.uptime") != ""
	})

	source.server.Stop()
	replica.exec(t, "START SLAVE IO_THREAD")
	waitForMetrics(t, "source gone", mysqlType(), d, func(value func(string) string) bool {
		return value("replication.slave_io_running") == "Connecting" && value("replication.last_io_errno") == "2003" && value("replication.last_io_error") != ""
	})

	// A user without the privilege for the replica status gets the other metrics.
	seen := metricsOf(t, mysqlType(), schedule.Details{"socket": replica.socket, "username": "nothing"})
	r := runCheck(t, mysqlType(), schedule.Details{"socket": replica.socket, "username": "nothing"}, time.Minute)
	if !strings.HasSuffix(r.Status, "; the user may not see the state of the replication") {
		t.Errorf("without REPLICA MONITOR: %q", r.Status)
	}
	if seen["core.queries"].Value == "" || seen["replication.slave_io_running"].Value != "" {
		t.Errorf("without REPLICA MONITOR: %v", seen)
	}
}

// TestMariaDBNamedConnections: each connection of multi-source replication has its own dimension.
func TestMariaDBNamedConnections(t *testing.T) {
	t.Parallel()
	m := startMariaDB(t, "--server-id=3")
	m.exec(t, `CHANGE MASTER 'berlin' TO master_host='127.0.0.1', master_port=1, master_user='r';
		CHANGE MASTER 'oslo' TO master_host='127.0.0.1', master_port=2, master_user='r'`)
	r := runCheck(t, mysqlType(), schedule.Details{"socket": m.socket, "username": "root"}, time.Minute)
	running := make(map[string]string)
	for _, metric := range r.Metrics {
		if metric.Name == "replication.slave_io_running" {
			running[metric.Dimension] = metric.Value
		}
	}
	if len(running) != 2 || running["berlin"] != "No" || running["oslo"] != "No" {
		t.Errorf("%s, %v", r.Status, running)
	}
}
