package service

import (
	"context"
	"strconv"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// becomes waits until the check reports what it should.
func becomes(t *testing.T, what string, typ collect.Type, d schedule.Details, is func(value func(name string) string) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		seen := figures(t, typ, d)
		if is(func(name string) string { return seen[name].Value }) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not seen; the check reports %v", what, seen)
		case <-tick.C:
		}
	}
}

// A server, and another that follows it: up to date, behind, broken, stopped, without its source.
func TestMySQLReplica(t *testing.T) {
	t.Parallel()
	source := startMariaDB(t, "--server-id=1")
	replica := startMariaDB(t, "--server-id=2")
	source.do(t, `CREATE USER follow@'%' IDENTIFIED BY 'follow'; GRANT REPLICATION SLAVE ON *.* TO follow@'%';
		CREATE DATABASE shop; CREATE TABLE shop.sold (n INT)`)
	replica.do(t, `CREATE USER nothing@'%'; CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=`+source.port+`,
		MASTER_USER='follow', MASTER_PASSWORD='follow', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1; START SLAVE`)
	d := schedule.Details{"socket": replica.socket, "username": "root"}
	becomes(t, "up to date", mysqlType(), d, func(value func(string) string) bool {
		return value("replication.slave_io_running") == "Yes" && value("replication.slave_sql_running") == "Yes" &&
			value("replication.slave_running") == "ON" && value("replication.seconds_behind_master") == "0" &&
			value("replication.read_master_log_pos") != "" && value("replication.read_master_log_pos") == value("replication.exec_master_log_pos") &&
			value("replication.last_errno") == "0" && value("replication.last_io_errno") == "0" && value("replication.last_error") == ""
	})

	// An hour's delay, and a transaction that is nine minutes old.
	replica.do(t, "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=3600; START SLAVE")
	source.do(t, "SET TIMESTAMP=UNIX_TIMESTAMP()-540; INSERT INTO shop.sold VALUES (1)")
	becomes(t, "behind", mysqlType(), d, func(value func(string) string) bool {
		behind, _ := strconv.Atoi(value("replication.seconds_behind_master"))
		return behind >= 540 && behind < 3600 && value("replication.read_master_log_pos") != value("replication.exec_master_log_pos")
	})

	replica.do(t, "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=0; SET sql_log_bin=0; DROP TABLE shop.sold; START SLAVE")
	becomes(t, "broken", mysqlType(), d, func(value func(string) string) bool {
		return value("replication.slave_io_running") == "Yes" && value("replication.slave_sql_running") == "No" &&
			value("replication.last_errno") == "1146" && value("replication.last_error") != "" && value("replication.seconds_behind_master") == ""
	})

	replica.do(t, "STOP SLAVE")
	becomes(t, "stopped", mysqlType(), d, func(value func(string) string) bool {
		return value("replication.slave_io_running") == "No" && value("replication.slave_running") == "OFF" && value("core.uptime") != ""
	})

	source.server.Stop()
	replica.do(t, "START SLAVE IO_THREAD")
	becomes(t, "source gone", mysqlType(), d, func(value func(string) string) bool {
		return value("replication.slave_io_running") == "Connecting" && value("replication.last_io_errno") == "2003" && value("replication.last_io_error") != ""
	})

	// Who may not see the replica status sees the rest.
	seen := figures(t, mysqlType(), schedule.Details{"socket": replica.socket, "username": "nothing"})
	if seen["core.queries"].Value == "" || seen["replication.slave_io_running"].Value != "" {
		t.Errorf("without REPLICA MONITOR: %v", seen)
	}
}
