package service

import (
	"strconv"
	"testing"

	"virgo/schedule"
)

// follow makes a standby of the primary, and starts it.
func (p *postgreSQL) follow(t testing.TB) *postgreSQL {
	t.Helper()
	standby := newPostgres(t)
	standby.identity = p.identity
	runPostgres(t, "pg_basebackup", "-D", standby.data(), "-d", "host=127.0.0.1 port="+p.port+" user=follow application_name=standby", "-R", "-c", "fast", "--no-sync")
	standby.start(t)
	return standby
}

// A primary and its standby, as each of them sees it: up to date, behind, without the other.
func TestPostgresReplication(t *testing.T) {
	t.Parallel()
	primary := startPostgres(t)
	primary.do(t, "CREATE ROLE follow LOGIN REPLICATION", "CREATE ROLE open LOGIN", "CREATE TABLE sold (n int)")
	atPrimary := schedule.Details{"socket": primary.socket()}
	if seen := figures(t, postgresType(), atPrimary); seen["replicas"].Value != "0" || seen["replication_lag"].Value != "" || seen["replication_lag_bytes"].Value != "" {
		t.Errorf("a primary without a standby: %v", seen)
	}
	standby := primary.follow(t)
	atStandby := schedule.Details{"socket": standby.socket()}
	none := func(value string) bool { n, err := strconv.ParseFloat(value, 64); return err == nil && n == 0 }
	some := func(value string) bool { n, err := strconv.ParseFloat(value, 64); return err == nil && n > 0 }

	primary.do(t, "INSERT INTO sold VALUES (1)")
	becomes(t, "standby up to date", postgresType(), atStandby, func(value func(string) string) bool {
		return value("is_replica") == "true" && value("replication_state") == "streaming" && none(value("replication_lag")) && none(value("replication_lag_bytes")) && value("replicas") == "0"
	})
	becomes(t, "primary with a standby", postgresType(), atPrimary, func(value func(string) string) bool {
		return value("is_replica") == "false" && value("replicas") == "1" && none(value("replication_lag_bytes")) && value("replication_state") == ""
	})

	standby.do(t, "SELECT pg_wal_replay_pause()")
	primary.do(t, "INSERT INTO sold SELECT generate_series(1, 1000)")
	becomes(t, "standby behind", postgresType(), atStandby, func(value func(string) string) bool {
		return value("replication_state") == "streaming" && some(value("replication_lag")) && some(value("replication_lag_bytes"))
	})
	becomes(t, "primary with a standby behind", postgresType(), atPrimary, func(value func(string) string) bool {
		return value("replicas") == "1" && some(value("replication_lag_bytes"))
	})
	// Who may not see how far a standby is sees that there is one.
	seen := figures(t, postgresType(), schedule.Details{"host": "127.0.0.1", "port": primary.port, "username": "open"})
	if seen["replicas"].Value != "1" || seen["replication_lag_bytes"].Value != "" || seen["replication_lag"].Value != "" {
		t.Errorf("without pg_monitor: %v", seen)
	}
	standby.do(t, "SELECT pg_wal_replay_resume()")
	becomes(t, "standby up to date again", postgresType(), atStandby, func(value func(string) string) bool {
		return none(value("replication_lag")) && none(value("replication_lag_bytes"))
	})

	primary.server.Stop()
	becomes(t, "standby without its primary", postgresType(), atStandby, func(value func(string) string) bool {
		return value("replication_state") == "none" && some(value("replication_lag"))
	})
	// Once it is told to, it is a primary.
	standby.do(t, "SELECT pg_promote()")
	becomes(t, "promoted", postgresType(), atStandby, func(value func(string) string) bool {
		return value("is_replica") == "false" && value("replication_state") == "" && value("replicas") == "0"
	})
}
