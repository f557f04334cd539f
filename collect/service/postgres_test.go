package service

import (
	"testing"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

const postgresSecret = "s3cret 'quoted\\"

// postgresTable has the metrics of CHECKS.md.
const postgresTable = `
	string - version
	uint64 seconds uptime
	bool - is_replica
	uint64 connections max_connections connections connections_active connections_idle connections_idle_in_transaction connections_waiting
	double seconds longest_transaction replication_lag
	gauge transactions commits rollbacks
	gauge blocks blocks_read blocks_hit
	double percent cache_hit_percent
	gauge rows tuples_returned tuples_fetched tuples_inserted tuples_updated tuples_deleted
	gauge queries conflicts
	gauge files temp_files
	gauge bytes temp_bytes
	gauge deadlocks deadlocks
	uint64 transactions transaction_id_age
	uint64 bytes database_size replication_lag_bytes
	uint64 servers replicas
	string - replication_state`

func TestPostgres(t *testing.T) {
	t.Parallel()
	p := startPostgres(t)
	p.exec(t, `CREATE ROLE open LOGIN`, `CREATE ROLE closed LOGIN PASSWORD 's3cret ''quoted\'`, `CREATE ROLE secure LOGIN PASSWORD 's3cret ''quoted\'`,
		`CREATE ROLE plain LOGIN PASSWORD 's3cret ''quoted\'`, `SET password_encryption = md5; CREATE ROLE old LOGIN PASSWORD 's3cret ''quoted\'`,
		`GRANT pg_monitor TO closed, secure`, `CREATE DATABASE shop`)
	at := schedule.Details{"host": "127.0.0.1", "port": p.port}
	as := func(user, password string) schedule.Details {
		return with(at, schedule.Details{"username": user, "password": password})
	}
	t.Run("conform", func(t *testing.T) {
		collecttest.Conform(t, collecttest.Subject{
			Type: postgresType(), Details: as("closed", postgresSecret), Metrics: parseTable(postgresTable),
			Optional: []string{"replication_lag", "replication_lag_bytes", "replication_state", "cache_hit_percent"},
			Wrong: []collecttest.Wrong{
				{Details: schedule.Details{"port": "many"}, Status: `detail "port" is "many", not a whole number`},
				{Details: schedule.Details{"database": []any{1}}, Status: `detail "database" is "a list or an object", not a text`},
				{Details: schedule.Details{"ca_file": "/nowhere"}, Status: "reading ca_file: stat /nowhere: no such file or directory"},
			},
		})
	})
	for name, d := range map[string]schedule.Details{
		"no password":         with(at, schedule.Details{"username": "open"}),
		"password":            as("closed", postgresSecret),
		"MD5 password":        with(as("old", postgresSecret), schedule.Details{"allow_cleartext": true}),
		"plain password":      with(as("plain", postgresSecret), schedule.Details{"allow_cleartext": true}),
		"MD5 and TLS":         with(as("old", postgresSecret), schedule.Details{"ca_file": p.identity.certFile}),
		"plain and TLS":       with(as("plain", postgresSecret), schedule.Details{"ca_file": p.identity.certFile}),
		"socket":              {"socket": p.socket()},
		"socket's folder":     {"socket": p.dir, "port": p.port, "username": "closed"},
		"socket, TLS ignored": {"socket": p.socket(), "tls": true},
		"TLS":                 with(as("secure", postgresSecret), schedule.Details{"ca_file": p.identity.certFile}),
		"TLS not verified":    with(as("secure", postgresSecret), schedule.Details{"tls": "yes", "tls_verify": false}),
		"database":            with(as("closed", postgresSecret), schedule.Details{"database": "shop"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if seen := metricsOf(t, postgresType(), d); seen["max_connections"].Value != "100" || seen["is_replica"].Value != "false" {
				t.Errorf("%v", seen)
			}
		})
	}
	for name, refused := range map[string]struct {
		d      schedule.Details
		status string
	}{
		"wrong password":         {as("closed", "not-"+postgresSecret), "Could not authenticate. Invalid password."},
		"wrong password, MD5":    {with(as("old", "not-"+postgresSecret), schedule.Details{"allow_cleartext": true}), "Could not authenticate. Invalid password."},
		"MD5, no TLS":            {as("old", postgresSecret), "The password was not sent: " + p.address() + " wants it in a form that a listener could use. Use socket, tls, or allow_cleartext in a check of this host's own"},
		"plain, no TLS":          {as("plain", postgresSecret), "The password was not sent: " + p.address() + " wants it in a form that a listener could use. Use socket, tls, or allow_cleartext in a check of this host's own"},
		"missing password":       {as("closed", ""), "Could not authenticate. Missing password?"},
		"missing password, MD5":  {as("old", ""), "Could not authenticate. Missing password?"},
		"unknown user":           {as("nobody", postgresSecret), "Could not authenticate. Invalid password."},
		"unknown database":       {with(as("closed", postgresSecret), schedule.Details{"database": "none"}), `database "none" does not exist`},
		"no TLS":                 {as("secure", postgresSecret), `pg_hba.conf rejects connection for host "127.0.0.1", user "secure", database "postgres", no encryption`},
		"TLS, unknown authority": {with(as("secure", postgresSecret), schedule.Details{"tls": true}), "TLS certificate of " + p.address() + " is not trusted: signed by an unknown authority"},
		"TLS, another name": {with(as("secure", postgresSecret), schedule.Details{"ca_file": p.identity.certFile, "server_name": "db.example.com"}),
			"TLS certificate of " + p.address() + " is not for the name db.example.com"},
		"no such socket": {schedule.Details{"socket": p.socket() + "x"}, "No such socket: " + p.socket() + "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			unavailable(t, postgresType(), refused.d, refused.status)
		})
	}
}

func TestPostgresBadServers(t *testing.T) {
	badServer{
		typ:           postgresType(),
		at:            func(port string) schedule.Details { return schedule.Details{"host": "127.0.0.1", "port": port} },
		closed:        "Connection closed by %s",
		garbage:       "HTTP/1.1 400 Bad Request\r\n\r\n",
		garbageStatus: `Answer of %s is not the PostgreSQL protocol: "HTTP/1.1 400 Bad Request"`,
		endlessFirst:  postgresMessage('R', "\x00\x00\x00\x00"), endlessAgain: postgresMessage('S', "name\x00"+"value\x00"),
		endlessStatus: "Answer of %s is longer than 8388608 bytes",
	}.run(t)
	port := serveText(t, "N")
	unavailable(t, postgresType(), schedule.Details{"host": "127.0.0.1", "port": port, "tls": true}, "127.0.0.1:"+port+" does not talk TLS")
}

// postgresMessage returns a message of the PostgreSQL protocol.
func postgresMessage(kind byte, body string) string {
	n := len(body) + 4
	return string([]byte{kind, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + body
}

// TestPostgresIgnoresEnvironment: settings of the agent's user do not affect the check.
func TestPostgresIgnoresEnvironment(t *testing.T) {
	home := collecttest.Folder(t)
	collecttest.WriteFile(t, home, ".pgpass", "*:*:*:*:from-the-password-file\n")
	t.Setenv("HOME", home)
	for key, value := range map[string]string{
		"PGHOST": "elsewhere.example.com", "PGPORT": "no-port", "PGDATABASE": "theirs", "PGUSER": "them", "PGPASSWORD": "theirs", "PGPASSFILE": home + "/.pgpass",
		"PGAPPNAME": "theirs", "PGCONNECT_TIMEOUT": "soon", "PGSSLMODE": "no-mode", "PGSSLCERT": "/nowhere", "PGSSLKEY": "/nowhere", "PGSSLROOTCERT": "/nowhere",
		"PGSSLCERTMODE": "no-mode", "PGSSLNEGOTIATION": "direct", "PGTARGETSESSIONATTRS": "no-attribute", "PGOPTIONS": "-c statement_timeout=1", "PGTZ": "Mars",
		"PGMINPROTOCOLVERSION": "9", "PGMAXPROTOCOLVERSION": "9", "PGCHANNELBINDING": "no-binding", "PGREQUIREAUTH": "no-way", "PGSERVICEFILE": "/nowhere",
	} {
		t.Setenv(key, value)
	}
	c, err := postgresConfig()
	if err != nil {
		t.Fatal(err)
	}
	if c.Host != "localhost" || c.Password != "none" || c.TLSConfig != nil || len(c.Fallbacks) > 0 || c.ConnectTimeout != 0 || c.ValidateConnect != nil ||
		c.ChannelBinding != "prefer" || c.RequireAuth != "" || c.SSLNegotiation != "postgres" {
		t.Errorf("%+v", c)
	}
	port := serveClose(t)
	unavailable(t, postgresType(), schedule.Details{"host": "127.0.0.1", "port": port}, "Connection closed by 127.0.0.1:"+port)
	t.Setenv("PGSERVICE", "theirs")
	unavailable(t, postgresType(), schedule.Details{"host": "127.0.0.1", "port": port},
		"PGSERVICE is set in the agent's environment: unset it")
}
