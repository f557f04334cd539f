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

// maxMySQLRows of one statement are read: servers have some hundred variables.
const maxMySQLRows = 10_000

// A mysqlSession is one connection to a server, without database/sql's pool.
type mysqlSession struct {
	conn driver.Conn
	wire *measured
}

// openMySQL connects by dial and logs in.
func openMySQL(ctx context.Context, s server, dial func(context.Context) (net.Conn, error)) (m *mysqlSession, err error) {
	m = new(mysqlSession)
	defer m.recovered(&err)
	config := mysql.NewConfig()
	config.User, config.Passwd = s.username, s.password
	config.Net, config.Addr = s.network, s.address
	config.TLS = s.tls
	config.ConnectionAttributes = "program_name:virgo"
	config.CheckConnLiveness = false
	config.Logger = &mysql.NopLogger{}
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		begin, err := readMySQLGreeting(conn)
		if err != nil {
			conn.Close()
			return nil, err
		}
		m.wire = &measured{Conn: conn, begin: begin}
		return m.wire, nil
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	m.conn, err = connector.Connect(ctx)
	return m, m.cause(err)
}

// cause is why the driver's connection became invalid, which it does not say itself.
func (m *mysqlSession) cause(err error) error {
	if m.wire != nil && (errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, driver.ErrBadConn)) {
		if why := m.wire.ended(); why != nil {
			return why
		}
		return mysql.ErrMalformPkt
	}
	return err
}

func (m *mysqlSession) close() { m.conn.Close() }

// recovered makes an error of the driver's panic over a packet that is shorter than it says.
func (m *mysqlSession) recovered(err *error) {
	if recover() == nil {
		return
	}
	if m.wire != nil {
		m.wire.Close()
	}
	*err = mysql.ErrMalformPkt
}

// variables are the answer to a statement with two columns, a name and a value.
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

// replicas are the rows of the replica status; none where the server is no replica, or where the user may not
// see it (it takes REPLICATION CLIENT, in MariaDB from 10.5 on REPLICA MONITOR).
func (m *mysqlSession) replicas(ctx context.Context) ([]map[string]string, error) {
	var rows []map[string]string
	// MySQL from 8.4 on knows the first spelling only, MySQL before 8.0.22 and MariaDB before 10.5 the second.
	for _, statement := range []string{"SHOW REPLICA STATUS", "SHOW SLAVE STATUS"} {
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
			return nil, nil
		}
		return rows, err
	}
	return nil, nil
}

func (m *mysqlSession) query(ctx context.Context, statement string, each func(columns []string, row []driver.Value)) (err error) {
	defer m.recovered(&err)
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
			m.wire.Close() // closing the rows would read them to their end
			return fmt.Errorf("%s gave more than %d rows", statement, maxMySQLRows)
		}
		each(columns, row)
	}
}

// mysqlText is a value of the text protocol, of which the driver makes numbers; not ok where it is NULL.
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
