package service

import (
	"context"
	"errors"
	"net"

	"github.com/go-sql-driver/mysql"

	"virgo/collect"
	"virgo/schedule"
)

const mysqlPort = 3306

func mysqlType() collect.Type {
	details := append(serverDetails(mysqlPort), collect.Detail{
		Name: "mycnf", Summary: "path of an option file whose [client] group says what the details leave open",
	})
	return collect.Type{
		Name:    "agent.mysql",
		Summary: "queries, connections, buffers and replication of a MySQL or MariaDB server",
		Details: details,
		Telling: []string{"core.queries", "threads.connected", "threads.running", "core.uptime", "replication.seconds_behind_master"},
		Checker: collect.CheckerFunc(checkMySQL),
	}
}

// checkMySQL reports a MySQL or MariaDB server.
func checkMySQL(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	s, err := readMySQLServer(req.Check.Details)
	if err != nil {
		return collect.Report{}, err
	}
	ctx, cancel := limit(ctx, s.timeout)
	defer cancel()
	reply, err := askMySQL(ctx, s, s.dial)
	if err != nil {
		return collect.Report{}, mysqlFault(ctx, s, err)
	}
	return collect.Report{Metrics: reply.metrics()}, nil
}

// readMySQLServer reads the details, and the option file that they name.
func readMySQLServer(d schedule.Details) (server, error) {
	d, err := withMyCnf(d)
	if err != nil {
		return server{}, err
	}
	return readServer(d, mysqlPort)
}

// askMySQL asks a server for all that is reported.
func askMySQL(ctx context.Context, s server, dial func(context.Context) (net.Conn, error)) (mysqlReply, error) {
	m, err := openMySQL(ctx, s, dial)
	if err != nil {
		return mysqlReply{}, err
	}
	defer m.close()
	var reply mysqlReply
	if reply.status, err = m.variables(ctx, "SHOW GLOBAL STATUS"); err != nil {
		return mysqlReply{}, err
	}
	if reply.variables, err = m.variables(ctx, "SHOW GLOBAL VARIABLES"); err != nil {
		return mysqlReply{}, err
	}
	reply.replicas, err = m.replicas(ctx)
	return reply, err
}

// Error numbers of the server's (MySQL Error Message Reference).
const (
	mysqlAccessDenied           = 1045
	mysqlSyntaxError            = 1064
	mysqlPrivilegeMissing       = 1227
	mysqlAccessDeniedNoPassword = 1698
)

// mysqlFault says in a sentence why a server could not be asked.
func mysqlFault(ctx context.Context, s server, err error) error {
	var refusal *mysql.MySQLError
	switch {
	case errors.As(err, &refusal) && (refusal.Number == mysqlAccessDenied || refusal.Number == mysqlAccessDeniedNoPassword):
		err = unauthenticated(s, err)
	case errors.As(err, &refusal):
		err = turnedDown(s, refusal.Message, err)
	case errors.Is(err, mysql.ErrNoTLS):
		err = &faultError{s.address + " does not talk TLS", err}
	case errors.Is(err, mysql.ErrMalformPkt), errors.Is(err, mysql.ErrPktSync), errors.Is(err, mysql.ErrPktSyncMul), errors.Is(err, mysql.ErrBusyBuffer):
		err = newGarbage(mysqlProtocol, nil)
	}
	return s.fault(ctx, err)
}
