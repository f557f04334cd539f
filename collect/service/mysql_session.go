package service

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"

	"github.com/go-sql-driver/mysql"
)

// maxMySQLRows is how many rows of a statement are read; servers have some hundred variables.
const maxMySQLRows = 10_000

// A mysqlSession is a connection to a server, without database/sql's pool.
type mysqlSession struct {
	conn driver.Conn
	wire *meteredConn
}

// openMySQL connects with dial and logs in.
func openMySQL(
	ctx context.Context, s server, dial func(context.Context) (net.Conn, error),
) (m *mysqlSession, err error) {
	m = new(mysqlSession)
	defer m.recoverPanic(&err)
	config := mysql.NewConfig()
	config.User, config.Passwd = s.username, s.password
	config.Net, config.Addr = s.network, s.address
	config.TLS = s.tls
	config.ConnectionAttributes = "program_name:virgo"
	config.CheckConnLiveness = false
	config.AllowCleartextPasswords = s.allowCleartext
	config.Logger = &mysql.NopLogger{}
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		unread, err := readMySQLGreeting(conn)
		if err != nil {
			conn.Close()
			return nil, err
		}
		if s.isOverheard() {
			conn = &mysqlGuard{Conn: conn, server: s}
		}
		m.wire = &meteredConn{Conn: conn, unread: unread}
		return m.wire, nil
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	m.conn, err = connector.Connect(ctx)
	return m, m.cause(err)
}

// cause returns why the driver's connection became invalid, which the driver does not report.
func (m *mysqlSession) cause(err error) error {
	if m.wire != nil && (errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, driver.ErrBadConn)) {
		if cause := m.wire.readError(); cause != nil {
			return cause
		}
		return mysql.ErrMalformPkt
	}
	return err
}

func (m *mysqlSession) close() { m.conn.Close() }

// recoverPanic turns the driver's panic over a malformed packet into an error.
func (m *mysqlSession) recoverPanic(err *error) {
	if recover() == nil {
		return
	}
	if m.wire != nil {
		m.wire.Close()
	}
	*err = mysql.ErrMalformPkt
}

// variables returns the rows of a statement that has two columns, name and value.
func (m *mysqlSession) variables(ctx context.Context, statement string) (map[string]string, error) {
	values := make(map[string]string)
	err := m.query(ctx, statement, func(columns []string, row []driver.Value) {
		if len(row) == 2 {
			name, _ := mysqlText(row[0])
			values[name], _ = mysqlText(row[1])
		}
	})
	return values, err
}

// replicas returns the rows of the replica status; none where the server is not a replica. It is
// hidden from a user without the privilege (REPLICATION CLIENT, in MariaDB from 10.5 on REPLICA
// MONITOR).
func (m *mysqlSession) replicas(ctx context.Context, mariaDB bool) (rows []map[string]string, hidden bool, err error) {
	// MySQL from 8.4 on accepts the first spelling only, MySQL before 8.0.22 and MariaDB before 10.5
	// the second.
	statements := []string{"SHOW REPLICA STATUS", "SHOW SLAVE STATUS"}
	if mariaDB { // where these two show the connection without a name only
		statements = append([]string{"SHOW ALL SLAVES STATUS"}, statements...)
	}
	for _, statement := range statements {
		err := m.query(ctx, statement, func(columns []string, row []driver.Value) {
			values := make(map[string]string, len(columns))
			for i, column := range columns {
				if text, ok := mysqlText(row[i]); ok {
					values[column] = text
				}
			}
			rows = append(rows, values)
		})
		var refusal *mysql.MySQLError
		switch {
		case errors.As(err, &refusal) && refusal.Number == mysqlSyntaxError:
			continue
		case errors.As(err, &refusal) && refusal.Number == mysqlPrivilegeMissing:
			return nil, true, nil
		}
		return rows, false, err
	}
	return nil, false, nil
}

// query calls each with every row of a statement.
func (m *mysqlSession) query(
	ctx context.Context, statement string, each func(columns []string, row []driver.Value),
) (err error) {
	defer m.recoverPanic(&err)
	rows, err := m.conn.(driver.QueryerContext).QueryContext(ctx, statement, nil)
	if err != nil {
		return m.cause(err)
	}
	defer rows.Close()
	columns := rows.Columns()
	row := make([]driver.Value, len(columns))
	for n := 0; ; n++ {
		switch err := rows.Next(row); {
		case err == io.EOF:
			return nil
		case err != nil:
			return m.cause(err)
		case n == maxMySQLRows:
			m.wire.Close() // else closing the rows would read all of them
			return fmt.Errorf("%s returned more than %d rows", statement, maxMySQLRows)
		}
		each(columns, row)
	}
}

// mysqlText returns a value as text, also where the driver parsed it as a number; not ok where it
// is NULL.
func mysqlText(v driver.Value) (text string, ok bool) {
	switch v := v.(type) {
	case []byte:
		return string(v), true
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case float32:
		return strconv.FormatFloat(float64(v), 'f', -1, 32), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}
