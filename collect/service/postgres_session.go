package service

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	postgresProtocol = "the PostgreSQL protocol"
	// maxPostgresMessage is the longest accepted message of a server.
	maxPostgresMessage = 1 << 20
	// maxPostgresRows is how many rows of a query are read.
	maxPostgresRows = 1000
)

// A postgresSession is a connection to a server.
type postgresSession struct {
	server server
	pg     *pgconn.PgConn
	wire   *meteredConn
}

// openPostgres connects with dial and logs in.
func openPostgres(
	ctx context.Context, s server, dial func(context.Context) (net.Conn, error),
) (p *postgresSession, err error) {
	config, err := postgresConfig()
	if err != nil {
		return nil, err
	}
	p = &postgresSession{server: s}
	defer p.recoverPanic(&err)
	config.Host, config.Database = s.address, s.database
	config.User, config.Password = s.username, s.password
	config.TLSConfig = s.tls
	if s.isOverheard() {
		config.RequireAuth = "scram-sha-256,none"
	}
	config.RuntimeParams = map[string]string{"application_name": "virgo"}
	config.MaxProtocolMessageBodyLen = maxPostgresMessage
	// dial knows the address, so nothing is looked up here.
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"server"}, nil }
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		if p.wire != nil { // the driver would cancel a query over a second connection
			return nil, net.ErrClosed
		}
		conn, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		if s.isOverheard() {
			conn = &postgresGuard{Conn: conn, server: s}
		}
		p.wire = &meteredConn{Conn: conn}
		return p.wire, nil
	}
	p.pg, err = pgconn.ConnectConfig(ctx, config)
	return p, p.cause(err)
}

// recoverPanic turns the driver's panic over unexpected messages into an error.
func (p *postgresSession) recoverPanic(err *error) {
	if recover() == nil {
		return
	}
	if p.wire != nil {
		p.wire.Close()
	}
	*err = newProtocolError(postgresProtocol, nil)
}

// postgresConfig returns a configuration without settings. The driver accepts only one from its
// parser, which uses PG* variables, the password file and the service file of the agent's user: all
// settings are set here, or by the caller. PGSERVICE cannot be overridden; with it the parser
// returns an error.
func postgresConfig() (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig("host=localhost port=5432 user=nobody password=none database=none " +
		"passfile='' servicefile='' sslmode=disable sslcertmode=disable sslnegotiation=postgres " +
		"sslcert='' sslkey='' sslrootcert='' connect_timeout=0 target_session_attrs=any " +
		"min_protocol_version=3.0 max_protocol_version=3.0 channel_binding=prefer require_auth=''")
	if err != nil {
		return nil, &statusError{"PGSERVICE is set in the agent's environment: unset it", err}
	}
	config.Fallbacks, config.ConnectTimeout = nil, 0
	config.SSLCertMode = "allow" // a client certificate comes from the details
	return config, nil
}

// cause returns why the driver failed, which it does not always report.
func (p *postgresSession) cause(err error) error {
	var (
		refusal *pgconn.PgError
		verify  *tls.CertificateVerificationError
		header  tls.RecordHeaderError
		alert   tls.AlertError
	)
	if err == nil || p.wire == nil || errors.As(err, &refusal) {
		return err
	}
	switch cause := p.wire.readError(); {
	case cause != nil:
		return cause
	case errors.As(err, &verify), errors.As(err, &header), errors.As(err, &alert):
		return err
	case strings.Contains(err.Error(), "require_auth check failed"):
		return passwordWithheld(p.server, err)
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return &statusError{p.server.address + " does not talk TLS", err}
	case strings.Contains(err.Error(), "auth"): // a failed or unknown authentication method
		return err
	case p.server.tls != nil:
		return newProtocolError(postgresProtocol, nil)
	}
	return newProtocolError(postgresProtocol, p.wire.firstBytes())
}

// close ends the session, and waits for the driver's goroutines.
func (p *postgresSession) close(ctx context.Context) {
	if !p.pg.IsClosed() {
		p.pg.Close(ctx)
	}
	p.wire.Close()
	<-p.pg.CleanupDone()
}

// query returns the rows of a query by column, without NULLs.
func (p *postgresSession) query(ctx context.Context, text string) (rows []map[string]string, err error) {
	defer p.recoverPanic(&err)
	results := p.pg.Exec(ctx, text) // the simple protocol, which poolers support too
	for results.NextResult() {
		result := results.ResultReader()
		columns := result.FieldDescriptions()
		for result.NextRow() {
			if len(rows) == maxPostgresRows {
				p.wire.Close() // else closing the results would read all of them
				results.Close()
				return nil, fmt.Errorf("a query returned more than %d rows", maxPostgresRows)
			}
			row := make(map[string]string, len(columns))
			for i, value := range result.Values() {
				if value != nil && i < len(columns) {
					row[columns[i].Name] = string(value)
				}
			}
			rows = append(rows, row)
		}
	}
	if err := results.Close(); err != nil {
		return nil, p.cause(err)
	}
	return rows, nil
}
