package service

import (
	"strconv"
	"testing"

	"virgo/schedule"
)

// startStandby starts a standby of the primary.
func (p *postgreSQL) startStandby(t testing.TB) *postgreSQL {
	t.Helper()
	standby := newPostgres(t)
	standby.identity = p.identity
	runPostgres(t, "pg_basebackup", "-D", standby.data(), "-d", "host=127.0.0.1 port="+p.port+" user=follow application_name=standby", "-R", "-c", "fast", "--no-sync")
	standby.start(t)
	return standby
}

// TestPostgresReplication: a primary and its standby that is up to date, lags, and loses the
// primary.
func TestPostgresReplication(t *testing.T) {
	t.Parallel()
	primary := startPostgres(t)
	primary.exec(t, "CREATE ROLE follow LOGIN REPLICATION", "CREATE ROLE open LOGIN", "CREATE TABLE sold (n int)")
	atPrimary := schedule.Details{"socket": primary.socket()}
	if seen := metricsOf(t, postgresType(), atPrimary); seen["replicas"].Value != "0" || seen["replication_lag"].Value != "" || seen["replication_lag_bytes"].Value != "" {
		t.Errorf("a primary without a standby: %v", seen)
	}
	standby := primary.startStandby(t)
	atStandby := schedule.Details{"socket": standby.socket()}
	zero := func(value string) bool { n, err := strconv.ParseFloat(value, 64); return err == nil && n == 0 }
	positive := func(value string) bool { n, err := strconv.ParseFloat(value, 64); return err == nil && n > 0 }

	primary.exec(t, "INSERT INTO sold VALUES (1)")
	waitForMetrics(t, "standby up to date", postgresType(), atStandby, func(value func(string) string) bool {
		return value("is_replica") == "true" && value("replication_state") == "streaming" && zero(value("replication_lag")) && zero(value("replication_lag_bytes")) && value("replicas") == "0"
	})
	waitForMetrics(t, "primary with a standby", postgresType(), atPrimary, func(value func(string) string) bool {
		return value("is_replica") == "false" && value("replicas") == "1" && zero(value("replication_lag_bytes")) && value("replication_state") == ""
	})

	standby.exec(t, "SELECT pg_wal_replay_pause()")
	primary.exec(t, "INSERT INTO sold SELECT generate_series(1, 1000)")
	waitForMetrics(t, "standby behind", postgresType(), atStandby, func(value func(string) string) bool {
		return value("replication_state") == "streaming" && positive(value("replication_lag")) && positive(value("replication_lag_bytes"))
	})
	waitForMetrics(t, "primary with a standby behind", postgresType(), atPrimary, func(value func(string) string) bool {
		return value("replicas") == "1" && positive(value("replication_lag_bytes"))
	})
	// A user without pg_monitor sees the standby, but not its lag.
	seen := metricsOf(t, postgresType(), schedule.Details{"host": "127.0.0.1", "port": primary.port, "username": "open"})
	if seen["replicas"].Value != "1" || seen["replication_lag_bytes"].Value != "" || seen["replication_lag"].Value != "" {
		t.Errorf("without pg_monitor: %v", seen)
	}
	standby.exec(t, "SELECT pg_wal_replay_resume()")
	waitForMetrics(t, "standby up to date again", postgresType(), atStandby, func(value func(string) string) bool {
		return zero(value("replication_lag")) && zero(value("replication_lag_bytes"))
	})

	primary.server.Stop()
	waitForMetrics(t, "standby without its primary", postgresType(), atStandby, func(value func(string) string) bool {
		return value("replication_state") == "none" && positive(value("replication_lag"))
	})
	// After its promotion it is a primary.
	standby.exec(t, "SELECT pg_promote()")
	waitForMetrics(t, "promoted", postgresType(), atStandby, func(value func(string) string) bool {
		return value("is_replica") == "false" && value("replication_state") == "" && value("replicas") == "0"
	})
}
