package service

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// mysqlSecret contains characters that must be quoted in an option file.
const mysqlSecret = `s3cret/#"x`

// mysqlTable has the original agent's names, types and units.
const mysqlTable = `
	uint64 clients core.aborted_clients
	gauge connections core.connections
	gauge queries core.queries
	uint64 seconds core.uptime
	gauge milliseconds innodb.row_lock_time
	uint64 milliseconds innodb.row_lock_time_avg innodb.row_lock_time_max
	gauge rows innodb.rows_deleted innodb.rows_inserted innodb.rows_read innodb.rows_updated
	uint64 pages innodb.buffer_pool_pages_data innodb.buffer_pool_pages_dirty innodb.buffer_pool_pages_free innodb.buffer_pool_pages_total
	gauge pages innodb.buffer_pool_pages_flushed innodb.pages_created innodb.pages_read innodb.pages_written
	gauge queries innodb.buffer_pool_read_requests innodb.buffer_pool_reads
	uint64 queries innodb.data_pending_fsyncs innodb.data_pending_reads innodb.data_pending_writes
	uint64 queries innodb.os_log_pending_fsyncs innodb.os_log_pending_writes
	gauge locks innodb.row_lock_waits
	uint64 threads threads.connected threads.created threads.running
	uint64 blocks qcache.free_blocks qcache.total_blocks
	uint64 bytes qcache.free_memory qcache.size
	gauge hits qcache.hits
	gauge inserts qcache.inserts
	gauge prunes qcache.lowmem_prunes
	gauge queries qcache.not_cached
	uint64 queries qcache.queries_in_cache
	gauge bytes bytes.received bytes.sent
	gauge queries handler.commit handler.delete handler.read_first handler.read_key handler.read_next handler.read_prev
	gauge queries handler.read_rnd handler.read_rnd_next handler.update handler.write
	uint64 queries handler.rollback handler.savepoint handler.savepoint_rollback
	uint64 connections max.connections
	uint64 bytes key.buffer_size innodb.buffer_pool_size thread.cache_size
	string - replication.slave_running replication.slave_io_running replication.slave_sql_running replication.slave_io_state
	string - replication.last_error replication.last_io_error
	uint64 position replication.read_master_log_pos replication.exec_master_log_pos replication.relay_log_pos
	uint64 bytes replication.relay_log_size
	uint64 seconds replication.seconds_behind_master
	uint64 errno replication.last_errno replication.last_io_errno
	uint64 tables replication.slave_open_temp_tables
	uint64 transactions replication.slave_retried_transactions`

// parseTable parses a table of metrics: lines of a type, a unit (-: none) and names.
func parseTable(table string) map[string]collecttest.Metric {
	metrics := make(map[string]collecttest.Metric)
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		for i := 2; i < len(words); i++ {
			metrics[words[i]] = collecttest.Metric{Type: collect.MetricType(words[0]), Unit: strings.Trim(words[1], "-")}
		}
	}
	return metrics
}

func TestMySQL(t *testing.T) {
	t.Parallel()
	m := startMariaDB(t, "--server-id=1")
	m.exec(t, `CREATE USER open@'%'; CREATE USER closed@'%' IDENTIFIED BY 's3cret/#"x';
		CREATE USER secure@'%' IDENTIFIED BY 's3cret/#"x' REQUIRE SSL; GRANT REPLICA MONITOR ON *.* TO open@'%', closed@'%', secure@'%'`)
	at := schedule.Details{"host": "127.0.0.1", "port": m.port}
	as := func(user, password string) schedule.Details {
		return with(at, schedule.Details{"username": user, "password": password})
	}
	t.Run("conform", func(t *testing.T) {
		optional := []string{ // dropped from MariaDB, or only reported by replicas
			"innodb.rows_deleted", "innodb.rows_inserted", "innodb.rows_read", "innodb.rows_updated",
			"innodb.os_log_pending_fsyncs", "innodb.os_log_pending_writes",
			"replication.slave_io_running", "replication.slave_sql_running", "replication.slave_io_state", "replication.last_error",
			"replication.last_io_error", "replication.read_master_log_pos", "replication.exec_master_log_pos", "replication.relay_log_pos",
			"replication.relay_log_size", "replication.seconds_behind_master", "replication.last_errno", "replication.last_io_errno",
		}
		collecttest.Conform(t, collecttest.Subject{
			Type: mysqlType(), Details: as("closed", mysqlSecret), Metrics: parseTable(mysqlTable), Optional: optional,
			Status: func(status string) bool {
				return status == collect.StatusSuccess || strings.HasPrefix(status, "success, but this server does not report ")
			},
			Wrong: []collecttest.Wrong{
				{Details: schedule.Details{"port": 70000}, Status: `detail "port" is "70000", not from 1 to 65535`},
				{Details: schedule.Details{"password": []any{1}}, Status: `detail "password" is "a list or an object", not a text`},
				{Details: schedule.Details{"mycnf": "/nowhere/my.cnf"}, Status: "reading mycnf: stat /nowhere/my.cnf: no such file or directory"},
			},
		})
	})
	for name, d := range map[string]schedule.Details{
		"no password":        with(at, schedule.Details{"username": "open"}),
		"password":           as("closed", mysqlSecret),
		"socket":             {"socket": m.socket, "username": "closed", "password": mysqlSecret},
		"TLS":                with(as("secure", mysqlSecret), schedule.Details{"ca_file": m.identity.certFile}),
		"TLS not verified":   with(as("secure", mysqlSecret), schedule.Details{"tls": true, "tls_verify": "false"}),
		"TLS over a socket":  {"socket": m.socket, "username": "secure", "password": mysqlSecret, "ca_file": m.identity.certFile},
		"its own time limit": with(as("closed", mysqlSecret), schedule.Details{"timeout": 30000}),
	} {
		t.Run(name, func(t *testing.T) {
			seen := metricsOf(t, mysqlType(), d)
			if q := seen["core.queries"]; q.Value == "" || q.Value == "0" {
				t.Errorf("%+v", q)
			}
		})
	}
	for name, refused := range map[string]struct {
		d      schedule.Details
		status string
	}{
		"wrong password":   {as("closed", "not-"+mysqlSecret), "Could not authenticate. Invalid password."},
		"missing password": {as("closed", ""), "Could not authenticate. Missing password?"},
		"unknown user":     {as("nobody", mysqlSecret), "Could not authenticate. Invalid password."},
		"no TLS":           {as("secure", mysqlSecret), "Could not authenticate. Invalid password."},
		"TLS, unknown authority": {with(as("secure", mysqlSecret), schedule.Details{"tls": true}),
			"TLS certificate of " + m.address() + " is not trusted: signed by an unknown authority"},
		"TLS, another name": {with(as("secure", mysqlSecret), schedule.Details{"ca_file": m.identity.certFile, "server_name": "db.example.com"}),
			"TLS certificate of " + m.address() + " is not for the name db.example.com"},
		"no such socket": {schedule.Details{"socket": m.socket + "x"}, "No such socket: " + m.socket + "x"},
	} {
		t.Run(name, func(t *testing.T) { unavailable(t, mysqlType(), refused.d, refused.status) })
	}
	t.Run("unix_socket", func(t *testing.T) {
		if os.Getuid() != 0 {
			collecttest.Lacks(t, "not root, whom MariaDB's unix_socket authenticates")
		}
		m.exec(t, "ALTER USER root@localhost IDENTIFIED VIA unix_socket")
		metricsOf(t, mysqlType(), schedule.Details{"socket": m.socket, "username": "root"})
	})
	t.Run("mycnf", func(t *testing.T) { testOptionFile(t, m) })
}

// testOptionFile: an option file has the login and the address; details override it.
func testOptionFile(t *testing.T, m *mariaDB) {
	dir := collecttest.Folder(t)
	at := schedule.Details{"host": "127.0.0.1", "port": m.port}
	login := collecttest.WriteFile(t, dir, "login.cnf", "[mysqld]\nuser=mysql\n[client]\nuser = closed # who\npassword = 's3cret/#\"x'\n")
	wrong := collecttest.WriteFile(t, dir, "wrong.cnf", "[client]\nuser=closed\npassword=wrong-one\nsocket="+filepath.Join(dir, "nowhere")+"\n")
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o755); err != nil {
		t.Fatal(err)
	}
	collecttest.WriteFile(t, filepath.Join(dir, "d"), "10-login.cnf", "[client]\nuser=secure\npassword=\"s3cret/#\\\"x\"\n")
	collecttest.WriteFile(t, filepath.Join(dir, "d"), "20-tls.cnf", "[client]\nssl-ca="+m.identity.certFile+"\nhost=localhost\nport="+m.port+"\n")
	collecttest.WriteFile(t, filepath.Join(dir, "d"), "README", "not an option file")
	included := collecttest.WriteFile(t, dir, "my.cnf", "!includedir "+filepath.Join(dir, "d")+"\n")
	for name, d := range map[string]schedule.Details{
		"login":            with(at, schedule.Details{"mycnf": login}),
		"socket":           {"mycnf": collecttest.WriteFile(t, dir, "socket.cnf", "[client]\nuser=open\nsocket="+m.socket+"\n")},
		"included":         {"mycnf": included},
		"details override": with(at, schedule.Details{"mycnf": wrong, "password": mysqlSecret}),
	} {
		t.Run(name, func(t *testing.T) { metricsOf(t, mysqlType(), d) })
	}
	unavailable(t, mysqlType(), with(at, schedule.Details{"mycnf": wrong}), "Could not authenticate. Invalid password.")
	for name, text := range map[string]string{
		"line 1: an option without a group":                         "hunter2-is-the-password\n",
		"line 2: a group without its closing bracket":               "[client]\n[hunter2\n",
		"line 1 is neither !include FILE nor !includedir FOLDER":    "!hunter2\n",
		"is included more than 10 files deep":                       "!include " + filepath.Join(dir, "bad.cnf") + "\n",
		"included by":                                               "!includedir " + filepath.Join(dir, "no-such-folder") + "\n",
		"no such file or directory":                                 "!include " + filepath.Join(dir, "no-such-file") + "\n",
		`detail "port" is "many", not a whole number`:               "[client]\nport=many\n",
		"reading ca_file: stat /nowhere: no such file or directory": "[client]\nssl-ca=/nowhere\n",
	} {
		r := runCheck(t, mysqlType(), with(schedule.Details{}, schedule.Details{"mycnf": collecttest.WriteFile(t, dir, "bad.cnf", text)}), time.Minute)
		if r.State != collect.Unavailable || !strings.Contains(r.Status, name) || strings.Contains(r.Status, "hunter2") {
			t.Errorf("%q: %q, want %q", text, r.Status, name)
		}
	}
}

func TestMySQLBadServers(t *testing.T) {
	badServer{
		typ:           mysqlType(),
		at:            func(port string) schedule.Details { return schedule.Details{"host": "127.0.0.1", "port": port} },
		closed:        "Connection closed by %s",
		garbage:       "SSH-2.0-OpenSSH_9.2p1\r\n",
		garbageStatus: `Answer of %s is not the MySQL protocol: "SSH-2.0-OpenSSH_9.2p1"`,
		endlessFirst:  "HTTP/1.1 200 OK\r\n\r\n", endlessAgain: "and so on ",
		endlessStatus: `Answer of %s is not the MySQL protocol: "HTTP/1.1 200 OK and so on and so on and …"`,
	}.run(t)
}

// serveMySQL starts a server that accepts any login and sends the same answer to each statement.
func serveMySQL(t *testing.T, answer string) (port string) {
	return serveConns(t, func(c net.Conn) {
		buf := make([]byte, 4096)
		io.WriteString(c, mysqlHello)
		c.Read(buf)
		io.WriteString(c, mysqlWelcome)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
			if _, err := io.WriteString(c, answer); err != nil {
				return
			}
		}
	})
}

func TestMySQLLimits(t *testing.T) {
	head := mysqlPacket(1, "\x02") + mysqlPacket(2, mysqlColumn) + mysqlPacket(3, mysqlColumn) + mysqlPacket(4, "\xfe\x00\x00\x02\x00")
	for width, status := range map[int]string{
		2048: "Answer of %s is longer than 8388608 bytes",
		4:    "Could not talk to %s: SHOW GLOBAL STATUS returned more than 10000 rows",
	} {
		var rows strings.Builder
		rows.WriteString(head)
		for i := range 12_000 {
			rows.WriteString(mysqlPacket(byte(i+5), "\xfc"+string([]byte{byte(width), byte(width >> 8)})+strings.Repeat("a", width)+"\x01b"))
		}
		port := serveMySQL(t, rows.String())
		unavailable(t, mysqlType(), schedule.Details{"host": "127.0.0.1", "port": port}, strings.ReplaceAll(status, "%s", "127.0.0.1:"+port))
	}
}

const (
	mysqlColumn = "\x03def\x00\x00\x00\x01a\x00\x0c\x21\x00\xff\x00\x00\x00\xfd\x00\x00\x00\x00\x00"
	mysqlHello  = "\x4a\x00\x00\x00\x0a5.7.30\x00\x01\x00\x00\x0012345678\x00\xff\xf7\x21\x02\x00\xff\x80\x15" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00123456789012\x00mysql_native_password\x00"
	mysqlWelcome = "\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00"
)

// mysqlPacket returns a packet of the MySQL protocol.
func mysqlPacket(sequence byte, body string) string {
	return string([]byte{byte(len(body)), byte(len(body) >> 8), byte(len(body) >> 16), sequence}) + body
}

func TestMySQLGreetingErrors(t *testing.T) {
	port := serveText(t, mysqlPacket(0, "\xff\x10\x04Too many connections"))
	unavailable(t, mysqlType(), schedule.Details{"host": "127.0.0.1", "port": port}, "Too many connections")
	port = serveText(t, mysqlPacket(0, "\x0a5.7"))
	unavailable(t, mysqlType(), schedule.Details{"host": "127.0.0.1", "port": port}, "Answer of 127.0.0.1:"+port+` is not the MySQL protocol: "5.7"`)
}
