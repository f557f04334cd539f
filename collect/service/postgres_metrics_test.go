package service

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/collect"
)

// capturedRows reads the rows of a server's replies from testdata/postgres.
func capturedRows(t testing.TB, name string) []map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "postgres", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestPostgresReplies(t *testing.T) {
	type want map[string]string // "[dimension ]name" to "type value unit", "" where it is absent
	for name, want := range map[string]want{
		"10-primary": {"version": "string 10.23", "is_replica": "bool false", "replicas": "uint64 1 servers", "replication_state": "", "max_connections": "uint64 100 connections"},
		"10-standby": {"version": "string 10.23", "is_replica": "bool true", "replication_state": "string streaming", "replicas": "uint64 0 servers"},
		"15-primary": {"version": "string 15.18 (Debian 15.18-0+deb12u1)", "replicas": "uint64 1 servers", "longest_transaction": "double 0 seconds"},
		"15-standby": {"is_replica": "bool true", "replication_state": "string streaming"},
		"18-primary": {"version": "string 18.4", "replicas": "uint64 1 servers", "deadlocks": "gauge 0 deadlocks"},
		"18-standby": {"version": "string 18.4", "is_replica": "bool true", "commits": "gauge 940 transactions", "blocks_hit": "gauge 93058 blocks",
			"replication_lag_bytes": "uint64 67888 bytes", "replication_lag": "", "transaction_id_age": "uint64 11 transactions",
			"shop database_size": "uint64 7643663 bytes", "database_size": ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := make(map[string]string)
			dimension := ""
			for _, m := range postgresMetrics(capturedRows(t, name)) {
				if !m.Valid() || m.Dimension < dimension {
					t.Errorf("%+v after those of %q", m, dimension)
				}
				dimension = m.Dimension
				got[strings.TrimSpace(m.Dimension+" "+m.Name)] = strings.TrimSpace(string(m.Type) + " " + m.Value + " " + m.Unit)
			}
			for metric, value := range want {
				if got[metric] != value {
					t.Errorf("%s: %q, want %q", metric, got[metric], value)
				}
			}
			if lag := got["replication_lag_bytes"]; lag == "" || lag == "uint64 0 bytes" {
				t.Errorf("lag %q", lag)
			}
		})
	}
}

// TestPostgresQueries: servers before 10 have other names for the log, and no query mixes them.
func TestPostgresQueries(t *testing.T) {
	for version, old := range map[string]bool{"90624": true, "100023": false, "180004": false, "what": false} {
		for _, replica := range []string{"t", "f"} {
			all := strings.Join(postgresQueries(map[string]string{"version_number": version, "is_replica": replica}), ";")
			if strings.Contains(all, "xlog_") != old || strings.Contains(all, "wal_lsn") == old || strings.Contains(all, "backend_type") == old {
				t.Errorf("%s, replica %s: %s", version, replica, all)
			}
			if strings.Contains(all, "pg_stat_wal_receiver") != (replica == "t") {
				t.Errorf("%s, replica %s: %s", version, replica, all)
			}
		}
	}
}

func TestInvalidPostgresNumbers(t *testing.T) {
	got := postgresMetrics([]map[string]string{{"uptime": "-1", "commits": "1.5", "replication_lag": "NaN", "longest_transaction": "1e999", "replicas": "2", "other": "7"}})
	if want := (collect.Metric{Name: "replicas", Type: collect.Uint64, Value: "2", Unit: "servers"}); len(got) != 1 || got[0] != want {
		t.Errorf("%+v", got)
	}
}

// FuzzPostgresServer: whatever a server sends, the result is valid metrics or an error.
func FuzzPostgresServer(f *testing.F) {
	welcome := postgresMessage('R', "\x00\x00\x00\x00") + postgresMessage('S', "server_version\x0015\x00") + postgresMessage('K', "\x00\x00\x00\x01\x00\x00\x00\x02") + postgresMessage('Z', "I")
	row := postgresMessage('T', "\x00\x01uptime\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x19\xff\xff\xff\xff\xff\xff\x00\x00") + postgresMessage('D', "\x00\x01\x00\x00\x00\x0217") +
		postgresMessage('C', "SELECT 1\x00") + postgresMessage('Z', "I")
	f.Add(welcome + row + row + row + row + row + row)
	f.Add(welcome + row)
	f.Add(welcome + strings.Replace(row, "C\x00", "Z\x00\x00\x00\x05IC\x00", 1)) // ready between two rows
	f.Add(postgresMessage('E', "SFATAL\x00C28P01\x00Mpassword authentication failed\x00\x00"))
	f.Add(postgresMessage('R', "\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00"))
	f.Add(postgresMessage('R', "\x00\x00\x00\x051234"))
	f.Add("HTTP/1.1 400 Bad Request\r\n\r\n")
	const secret = "s3cret-of-the-test"
	f.Fuzz(func(t *testing.T, sent string) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		s := server{network: "tcp", address: "127.0.0.1:5432", username: "virgo", password: secret, database: "postgres"}
		dial := func(context.Context) (net.Conn, error) { return newReplayConn(sent), nil }
		report, err := queryPostgres(ctx, s, dial, nil)
		if err != nil {
			text := s.describeError(t.Context(), postgresError(s, err)).Error()
			if text == "" || strings.ContainsAny(text, "\r\n\x00") || strings.Contains(text, secret) {
				t.Errorf("%q", text)
			}
			return
		}
		for _, m := range report.Metrics {
			if !m.Valid() {
				t.Errorf("%+v", m)
			}
		}
	})
}

// TestPostgresForks: the texts of version() of forks, and of PostgreSQL.
func TestPostgresForks(t *testing.T) {
	for text, want := range map[string]string{
		"PostgreSQL 15.5 (Debian 15.5-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc":          "",
		"CockroachDB CCL v25.1.0 (x86_64-pc-linux-gnu, built 2025/02/10 16:00:00, go1.22.8)":       "CockroachDB 25.1.0",
		"PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc 3.4.2, Redshift 1.0.34691":     "Redshift 1.0.34691",
		"PostgreSQL 9.4.24 (Greenplum Database 6.8.1 build commit:7118e8) on x86_64-unknown-linux": "Greenplum Database 6.8.1",
		"PostgreSQL 13.4 (EnterpriseDB Advanced Server 13.4.8) on x86_64-pc-linux-gnu":             "EnterpriseDB Advanced Server 13.4.8",
		"(openGauss 3.0.0 build 02c14696) compiled at 2022-04-01 18:12:00":                         "openGauss 3.0.0",
		"CockroachDB ": "", "": "",
	} {
		if got := postgresFork(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
