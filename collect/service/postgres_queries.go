package service

import (
	"strconv"
	"strings"
)

// The queries' columns have the metrics' names (knownPostgresMetrics); a column "dimension" is
// their dimension. They are for PostgreSQL 9.6 and later, and do not count the check's own
// connection.

// postgresFacts returns the columns of the query for the server's facts, which a fork that lacks one
// of them is asked for one by one. server is the name and the version of a fork.
func postgresFacts() []string {
	return []string{
		"current_setting('server_version') AS version",
		"current_setting('server_version_num') AS version_number",
		"version() AS server",
		"floor(extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()))::bigint AS uptime",
		"pg_is_in_recovery() AS is_replica",
		"current_setting('max_connections') AS max_connections",
	}
}

// postgresActivity counts the clients' connections. A user without pg_read_all_stats sees only the
// database of other users' connections: then their states are hidden, and only their number is
// reported.
const postgresActivity = `
SELECT CASE WHEN hidden = 0 THEN active END AS connections_active,
  CASE WHEN hidden = 0 THEN idle END AS connections_idle,
  CASE WHEN hidden = 0 THEN idle_in_transaction END AS connections_idle_in_transaction,
  CASE WHEN hidden = 0 THEN waiting END AS connections_waiting,
  CASE WHEN hidden = 0 THEN longest END AS longest_transaction, connections
FROM (SELECT count(*) AS connections,
    count(*) FILTER (WHERE query = '<insufficient privilege>' AND state IS NULL) AS hidden,
    count(*) FILTER (WHERE state = 'active') AS active, count(*) FILTER (WHERE state = 'idle') AS idle,
    count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS idle_in_transaction,
    count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting,
    coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0) AS longest
  FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datid IS NOT NULL AND `

const postgresClients = `coalesce(backend_type, 'client backend') = 'client backend') AS activity`

// postgresClients96 is for 9.6, which has no backend_type.
const postgresClients96 = `query NOT LIKE 'autovacuum:%') AS activity`

const postgresTotals = `
SELECT sum(xact_commit) AS commits, sum(xact_rollback) AS rollbacks,
  sum(blks_read) AS blocks_read, sum(blks_hit) AS blocks_hit,
  sum(tup_returned) AS tuples_returned, sum(tup_fetched) AS tuples_fetched, sum(tup_inserted) AS tuples_inserted,
  sum(tup_updated) AS tuples_updated, sum(tup_deleted) AS tuples_deleted, sum(conflicts) AS conflicts,
  sum(temp_files) AS temp_files, sum(temp_bytes) AS temp_bytes, sum(deadlocks) AS deadlocks
FROM pg_stat_database`

const postgresAge = `SELECT max(age(datfrozenxid)) AS transaction_id_age FROM pg_database`

const postgresSizes = `
SELECT datname AS dimension, pg_database_size(oid) AS database_size FROM pg_database
WHERE datallowconn AND has_database_privilege(oid, 'CONNECT') ORDER BY datname LIMIT 200`

// postgresBlocks returns the cache's counters, and when the server started.
const postgresBlocks = `
SELECT floor(extract(epoch FROM pg_postmaster_start_time()))::bigint AS started,
  sum(blks_hit) AS hit, sum(blks_read) AS read
FROM pg_stat_database`

// postgresReplicas returns the number of a primary's standbys and the largest lag. The lag in time
// of a standby that is up to date is 0; the view shows none after a while.
const postgresReplicas = `
SELECT replicas, CASE WHEN bytes < 0 THEN 0 ELSE bytes END AS replication_lag_bytes,
  coalesce(lag, CASE WHEN bytes <= 0 THEN 0 END) AS replication_lag
FROM (SELECT count(*) AS replicas, max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)) AS bytes,
    extract(epoch FROM max(replay_lag)) AS lag
  FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup') AS standbys`

const postgresReplicas96 = `
SELECT replicas, CASE WHEN bytes < 0 THEN 0 ELSE bytes END AS replication_lag_bytes,
  CASE WHEN bytes <= 0 THEN 0 END AS replication_lag
FROM (SELECT count(*) AS replicas,
    max(pg_xlog_location_diff(pg_current_xlog_location(), replay_location)) AS bytes
  FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup') AS standbys`

// postgresStandby returns a standby's lag: the received log that is not replayed, and the age of
// the last replayed transaction, which is no lag while the primary is connected and has no newer
// one.
const postgresStandby = `
SELECT CASE WHEN received <= replayed THEN 0 ELSE pg_wal_lsn_diff(received, replayed) END AS replication_lag_bytes,
  CASE WHEN receiver.pid IS NOT NULL AND received = replayed THEN 0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END AS replication_lag,
  coalesce(receiver.status, CASE WHEN receiver.pid IS NULL THEN 'none' END) AS replication_state,
  (SELECT count(*) FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup') AS replicas
FROM (SELECT pg_last_wal_receive_lsn() AS received, pg_last_wal_replay_lsn() AS replayed) AS log
LEFT JOIN pg_stat_wal_receiver AS receiver ON true`

// postgresStandby96 is postgresStandby with the names of 9.6.
func postgresStandby96() string {
	return strings.NewReplacer(
		"pg_wal_lsn_diff", "pg_xlog_location_diff",
		"pg_last_wal_receive_lsn", "pg_last_xlog_receive_location",
		"pg_last_wal_replay_lsn", "pg_last_xlog_replay_location",
	).Replace(postgresStandby)
}

// postgresQueries returns the queries for the version and role in the result of postgresFacts.
func postgresQueries(facts map[string]string) []string {
	version, err := strconv.Atoi(facts["version_number"])
	old, standby := err == nil && version < 10_00_00, facts["is_replica"] == "t"
	queries := []string{postgresActivity + postgresClients, postgresTotals, postgresAge, postgresSizes}
	if old {
		queries[0] = postgresActivity + postgresClients96
	}
	switch {
	case standby && old:
		return append(queries, postgresStandby96())
	case standby:
		return append(queries, postgresStandby)
	case old:
		return append(queries, postgresReplicas96)
	}
	return append(queries, postgresReplicas)
}
