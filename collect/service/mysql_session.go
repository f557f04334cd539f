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

// openMySQL connects and logs in.
func openMySQL(ctx context.Context, s server) (*mysqlSession, error) {
	m := new(mysqlSession)
	config := mysql.NewConfig()
	config.User, config.Passwd = s.username, s.password
	config.Net, config.Addr = s.network, s.address
	config.TLS = s.tls
	config.ConnectionAttributes = "program_name:virgo"
	config.CheckConnLiveness = false
	config.Logger = &mysql.NopLogger{}
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := s.dial(ctx)
		if err != nil {
			return nil, err
		}
		m.wire = &measured{Conn: conn, greeting: mysqlGreeting}
		return m.wire, nil
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	m.conn, err = connector.Connect(ctx)
	return m, m.cause(err)
}

// mysqlGreeting tells a server's first packet (three bytes of length, the sequence number 0, and the protocol's
// version 10 or an error) from what other servers say: the driver would wait for the length that their letters spell.
func mysqlGreeting(begin []byte) error {
	const most, version, failure = 16 << 10, 10, 0xff
	if len(begin) < 5 {
		return nil
	}
	length := int(begin[0]) | int(begin[1])<<8 | int(begin[2])<<16
	if length > most || begin[3] != 0 || begin[4] != version && begin[4] != failure {
		return &garbageError{protocol: "the MySQL protocol", said: string(begin)}
	}
	return nil
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

func (m *mysqlSession) query(ctx context.Context, statement string, each func(columns []string, row []driver.Value)) error {
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
