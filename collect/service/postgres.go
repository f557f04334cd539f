package service

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
)

const postgresPort = 5432

func postgresType() collect.Type {
	details := append(serverDetails(postgresPort), allowCleartextDetail(), collect.Detail{
		Name: "database", Role: schedule.Other, Default: "postgres", Summary: "database to connect to",
	})
	for i := range details {
		if details[i].Name == "username" {
			details[i].Default = "postgres"
		}
	}
	return collect.Type{
		Name:    "agent.postgres",
		Summary: "connections, transactions, cache, sizes and replication of a PostgreSQL server",
		Details: details,
		KeyMetrics: []string{"connections", "max_connections", "commits/s", "cache_hit_percent",
			"replication_lag", "version"},
		Checker: checkServer(readPostgresServer, checkPostgres),
	}
}

// checkPostgres checks a PostgreSQL server from 9.6 on, a primary or a standby.
func checkPostgres(ctx context.Context, s server, previous []byte) (collect.Report, error) {
	report, err := queryPostgres(ctx, s, s.dial, previous)
	return report, postgresError(s, err)
}

// readPostgresServer reads the details. A socket may be named by its folder, as in PostgreSQL's own
// programs.
func readPostgresServer(d schedule.Details, g *policy.Guard) (s server, err error) {
	if s, err = readServer(d, postgresPort, g); err != nil {
		return server{}, err
	}
	if err = s.readAllowCleartext(d); err != nil {
		return server{}, err
	}
	if s.database, err = collect.OptionalText(d, "database"); err != nil {
		return server{}, err
	}
	s.database = cmp.Or(s.database, "postgres")
	s.username = cmp.Or(s.username, "postgres")
	if s.network == "unix" {
		s.tls = nil // the server does not support it there
		if info, err := os.Stat(s.address); err == nil && info.IsDir() {
			port, err := d.Int("port", postgresPort)
			if err != nil {
				return server{}, err
			}
			s.address = filepath.Join(s.address, ".s.PGSQL."+strconv.FormatInt(port, 10))
		}
	}
	return s, nil
}

// queryPostgres queries a server over a connection from dial. What the user may not see is omitted.
func queryPostgres(
	ctx context.Context, s server, dial func(context.Context) (net.Conn, error), previous []byte,
) (collect.Report, error) {
	p, err := openPostgres(ctx, s, dial)
	if err != nil {
		return collect.Report{}, err
	}
	defer p.close(ctx)
	facts, err := p.facts(ctx)
	if err != nil {
		return collect.Report{}, err
	}
	rows := []map[string]string{facts}
	for _, query := range postgresQueries(facts) {
		more, err := p.query(ctx, query)
		if err != nil && !isQueryRefused(err) {
			return collect.Report{}, err
		}
		rows = append(rows, more...)
	}
	hits, sample, err := p.cacheHits(ctx, previous)
	if err != nil {
		return collect.Report{}, err
	}
	metrics := append(hits, postgresMetrics(rows)...)
	return collect.Report{Metrics: metrics, Sample: sample, Status: leftOutStatus(expectedPostgresMetrics(), metrics)}, nil
}

// facts returns the facts about the server; what a fork refuses is not in them.
func (p *postgresSession) facts(ctx context.Context) (map[string]string, error) {
	facts := make(map[string]string)
	rows, err := p.query(ctx, "SELECT "+strings.Join(postgresFacts(), ", "))
	if isQueryRefused(err) {
		for _, column := range postgresFacts() {
			var row []map[string]string
			if row, err = p.query(ctx, "SELECT "+column); err != nil && !isQueryRefused(err) {
				return nil, err
			}
			rows = append(rows, row...)
		}
		if len(rows) == 0 {
			return nil, err
		}
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, newProtocolError(postgresProtocol, nil)
	}
	for _, row := range rows {
		maps.Copy(facts, row)
	}
	if fork := postgresFork(facts["server"]); fork != "" {
		facts["version"] = fork
	}
	return facts, nil
}

// postgresFork returns name and version of a fork by what version() says; empty for PostgreSQL. Forks
// report in server_version which PostgreSQL they are compatible with.
func postgresFork(text string) string {
	for _, name := range []string{
		"CockroachDB", "Greenplum Database", "Cloudberry Database", "EnterpriseDB Advanced Server", "Redshift",
		"openGauss", "GaussDB", "PolarDB", "CrateDB", "Materialize",
	} {
		_, rest, found := strings.Cut(text, name+" ")
		if !found {
			continue
		}
		for word := range strings.FieldsSeq(rest) { // "CCL v25.1.0" of CockroachDB
			if strings.ContainsAny(word, "0123456789") {
				return name + " " + strings.TrimPrefix(strings.Trim(word, "(),"), "v")
			}
		}
	}
	return ""
}

// isQueryRefused reports whether a server refused a query for a missing privilege, or because it
// lacks a view or function, as other versions and forks do (SQLSTATE classes 0A, 42 and 55).
func isQueryRefused(err error) bool {
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) || len(refusal.Code) != 5 {
		return false
	}
	return slices.Contains([]string{"0A", "42", "55"}, refusal.Code[:2])
}

// postgresError returns the status for an error of the driver.
func postgresError(s server, err error) error {
	const invalidPassword = "28P01" // SQLSTATE
	var refusal *pgconn.PgError
	switch {
	case errors.As(err, &refusal) && refusal.Code == invalidPassword:
		return authenticationError(s, err)
	case errors.As(err, &refusal):
		return refusalError(s, refusal.Message, err)
	}
	return err
}
