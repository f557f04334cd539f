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
	// maxPostgresMessage is how long a message of the server's may be.
	maxPostgresMessage = 1 << 20
	// maxPostgresRows of one query are read.
	maxPostgresRows = 1000
)

// A postgresSession is one connection to a server.
type postgresSession struct {
	server server
	pg     *pgconn.PgConn
	wire   *measured
}

// openPostgres connects by dial and logs in.
func openPostgres(ctx context.Context, s server, database string, dial func(context.Context) (net.Conn, error)) (p *postgresSession, err error) {
	config, err := postgresConfig()
	if err != nil {
		return nil, err
	}
	p = &postgresSession{server: s}
	defer p.recovered(&err)
	config.Host, config.Database = s.address, database
	config.User, config.Password = s.username, s.password
	config.TLSConfig = s.tls
	config.RuntimeParams = map[string]string{"application_name": "virgo"}
	config.MaxProtocolMessageBodyLen = maxPostgresMessage
	// The names are looked up by dial, which knows the address.
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"server"}, nil }
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		if p.wire != nil { // the driver cancels a query that it gives up by another connection
			return nil, net.ErrClosed
		}
		conn, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		p.wire = &measured{Conn: conn}
		return p.wire, nil
	}
	p.pg, err = pgconn.ConnectConfig(ctx, config)
	return p, p.cause(err)
}

// recovered makes an error of the driver's panic over a server that speaks out of turn.
func (p *postgresSession) recovered(err *error) {
	if recover() == nil {
		return
	}
	if p.wire != nil {
		p.wire.Close()
	}
	*err = newGarbage(postgresProtocol, nil)
}

// postgresConfig is a configuration without settings. The driver takes one from nowhere but its parser, which fills
// in PG* variables, the password file and the service file of whoever runs the agent: all that it knows is named
// here, or set by the caller. A service (PGSERVICE) cannot be undone; with one the parser returns an error.
func postgresConfig() (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig("host=localhost port=5432 user=nobody password=none database=none " +
		"passfile='' servicefile='' sslmode=disable sslcertmode=disable sslnegotiation=postgres sslcert='' sslkey='' sslrootcert='' " +
		"connect_timeout=0 target_session_attrs=any min_protocol_version=3.0 max_protocol_version=3.0 channel_binding=prefer require_auth=''")
	if err != nil {
		return nil, &faultError{"The variable PGSERVICE in the agent's environment stands in the way: unset it", err}
	}
	config.Fallbacks, config.ConnectTimeout = nil, 0
	config.SSLCertMode = "allow" // the certificate is the details'
	return config, nil
}

// cause is why the driver gave up, which it does not always say itself.
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
	switch why := p.wire.ended(); {
	case why != nil:
		return why
	case errors.As(err, &verify), errors.As(err, &header), errors.As(err, &alert):
		return err
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return &faultError{p.server.address + " does not talk TLS", err}
	case strings.Contains(err.Error(), "auth"): // a way to log in that the driver does not know, or that failed
		return err
	case p.server.tls != nil:
		return newGarbage(postgresProtocol, nil)
	}
	return newGarbage(postgresProtocol, p.wire.begun())
}

// close ends the session, and waits for what the driver does to end one that it gave up.
func (p *postgresSession) close(ctx context.Context) {
	if !p.pg.IsClosed() {
		p.pg.Close(ctx)
	}
	p.wire.Close()
	<-p.pg.CleanupDone()
}

// query gives the rows of a query by column; what is NULL is not in a row.
func (p *postgresSession) query(ctx context.Context, text string) (rows []map[string]string, err error) {
	defer p.recovered(&err)
	results := p.pg.Exec(ctx, text) // the simple protocol: poolers take it too
	for results.NextResult() {
		result := results.ResultReader()
		columns := result.FieldDescriptions()
		for result.NextRow() {
			if len(rows) == maxPostgresRows {
				p.wire.Close() // closing the results would read them to their end
				results.Close()
				return nil, fmt.Errorf("a query gave more than %d rows", maxPostgresRows)
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
