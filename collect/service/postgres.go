package service

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"virgo/collect"
	"virgo/schedule"
)

const postgresPort = 5432

func postgresType() collect.Type {
	details := append(serverDetails(postgresPort), collect.Detail{
		Name: "database", Summary: "database to connect to (postgres)",
	})
	return collect.Type{
		Name:    "agent.postgres",
		Summary: "connections, transactions, cache, sizes and replication of a PostgreSQL server",
		Details: details,
		Telling: []string{"connections", "max_connections", "commits", "cache_hit_percent", "replication_lag", "version"},
		Checker: collect.CheckerFunc(checkPostgres),
	}
}

// checkPostgres reports a PostgreSQL server from 9.6 on, a primary or a standby.
func checkPostgres(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	s, database, err := readPostgresServer(req.Check.Details)
	if err != nil {
		return collect.Report{}, err
	}
	ctx, cancel := limit(ctx, s.timeout)
	defer cancel()
	report, err := askPostgres(ctx, s, database, s.dial, req.Previous)
	return report, postgresFault(ctx, s, err)
}

// readPostgresServer reads the details. A socket may be named by its folder, as PostgreSQL's own programs have it.
func readPostgresServer(d schedule.Details) (s server, database string, err error) {
	if s, err = readServer(d, postgresPort); err != nil {
		return server{}, "", err
	}
	if database, err = collect.OptionalText(d, "database"); err != nil {
		return server{}, "", err
	}
	if database == "" {
		database = "postgres"
	}
	if s.username == "" {
		s.username = "postgres"
	}
	if s.network == "unix" {
		s.tls = nil // the server has none there
		if info, err := os.Stat(s.address); err == nil && info.IsDir() {
			port, err := d.Int("port", postgresPort)
			if err != nil {
				return server{}, "", err
			}
			s.address = filepath.Join(s.address, ".s.PGSQL."+strconv.FormatInt(port, 10))
		}
	}
	return s, database, nil
}

// askPostgres asks a server for all that is reported. What it does not show to this user is left out.
func askPostgres(ctx context.Context, s server, database string, dial func(context.Context) (net.Conn, error), previous []byte) (collect.Report, error) {
	p, err := openPostgres(ctx, s, database, dial)
	if err != nil {
		return collect.Report{}, err
	}
	defer p.close(ctx)
	rows, err := p.query(ctx, postgresFacts)
	if err != nil {
		return collect.Report{}, err
	}
	if len(rows) != 1 {
		return collect.Report{}, newGarbage(postgresProtocol, nil)
	}
	for _, query := range postgresQueries(rows[0]) {
		more, err := p.query(ctx, query)
		if err != nil && !withheld(err) {
			return collect.Report{}, err
		}
		rows = append(rows, more...)
	}
	hits, sample, err := p.cacheHits(ctx, previous)
	if err != nil {
		return collect.Report{}, err
	}
	return collect.Report{Metrics: append(hits, postgresMetrics(rows)...), Sample: sample}, nil
}

// withheld reports whether a server refused a query for what it is, or what the user may see: privileges that are
// missing, views and functions of other versions or of forks (SQLSTATE classes 0A, 42 and 55).
func withheld(err error) bool {
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) || len(refusal.Code) != 5 {
		return false
	}
	class := refusal.Code[:2]
	return class == "0A" || class == "42" || class == "55"
}

// postgresFault says in a sentence why a server could not be asked.
func postgresFault(ctx context.Context, s server, err error) error {
	const invalidPassword = "28P01" // SQLSTATE
	var refusal *pgconn.PgError
	switch {
	case errors.As(err, &refusal) && refusal.Code == invalidPassword:
		err = unauthenticated(s, err)
	case errors.As(err, &refusal):
		err = turnedDown(s, refusal.Message, err)
	}
	return s.fault(ctx, err)
}
