package service

import (
	"context"
	"errors"
	"net"

	"github.com/go-sql-driver/mysql"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
	"virgo/schedule/policy"
)

const mysqlPort = 3306

func mysqlType() collect.Type {
	details := append(serverDetails(mysqlPort), allowCleartextDetail(), collect.Detail{
		Name: "mycnf", Role: schedule.Credentials, Kind: detail.Path, Summary: "path of an option file whose [client] group sets what the details do not",
	})
	return collect.Type{
		Name:    "agent.mysql",
		Summary: "queries, connections, buffers and replication of a MySQL or MariaDB server",
		Details: details,
		KeyMetrics: []string{"core.queries/s", "threads.connected", "threads.running", "core.uptime",
			"replication.seconds_behind_master"},
		Checker: checkServer(readMySQLServer, checkMySQL),
	}
}

func checkMySQL(ctx context.Context, s server, _ []byte) (collect.Report, error) {
	reply, err := queryMySQL(ctx, s, s.dial)
	if err != nil {
		return collect.Report{}, mysqlError(s, err)
	}
	return reply.report(s), nil
}

// readMySQLServer reads the details and the option file that they name. Where to connect to and which
// files to read are then what the owner wrote into that file: an endpoint's check that names it may name
// neither (package policy).
func readMySQLServer(d schedule.Details, g *policy.Guard) (s server, err error) {
	if isSet(d, "mycnf") {
		if d, err = withMyCnf(d, g); err != nil {
			return server{}, err
		}
		g = nil
	}
	if s, err = readServer(d, mysqlPort, g); err != nil {
		return server{}, err
	}
	return s, s.readAllowCleartext(d)
}

// queryMySQL queries a server over a connection from dial.
func queryMySQL(
	ctx context.Context, s server, dial func(context.Context) (net.Conn, error),
) (mysqlReply, error) {
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
	reply.replicas, reply.replicasHidden, err = m.replicas(ctx, reply.isMariaDB())
	return reply, err
}

// Error numbers (MySQL Error Message Reference).
const (
	mysqlAccessDenied           = 1045
	mysqlSyntaxError            = 1064
	mysqlPrivilegeMissing       = 1227
	mysqlAccessDeniedNoPassword = 1698
)

// mysqlError returns the status for an error of the driver.
func mysqlError(s server, err error) error {
	var refusal *mysql.MySQLError
	switch {
	case errors.As(err, &refusal) &&
		(refusal.Number == mysqlAccessDenied || refusal.Number == mysqlAccessDeniedNoPassword):
		return authenticationError(s, err)
	case errors.As(err, &refusal):
		return refusalError(s, refusal.Message, err)
	case errors.Is(err, mysql.ErrNoTLS):
		return &statusError{s.address + " does not talk TLS", err}
	case errors.Is(err, mysql.ErrMalformPkt), errors.Is(err, mysql.ErrBusyBuffer),
		errors.Is(err, mysql.ErrPktSync), errors.Is(err, mysql.ErrPktSyncMul):
		return newProtocolError(mysqlProtocol, nil)
	}
	return err
}
