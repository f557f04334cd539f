package service

import (
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

const (
	redisSecret = "s3cret of a redis"
	redisWrong  = "wr0ng of a redis"
)

// startRedis starts Debian's redis-server on a port and a socket, with options.
func startRedis(t testing.TB, options ...string) (port, socket string) {
	t.Helper()
	program := collecttest.Program(t, "redis-server", "redis-server")
	dir := collecttest.Folder(t)
	port, socket = collecttest.FreePort(t), filepath.Join(dir, "socket")
	args := []string{"--port", port, "--bind", "127.0.0.1", "--dir", dir, "--unixsocket", socket, "--save", "", "--enable-debug-command", "local"}
	collecttest.Serve(t, exec.Command(program, append(args, options...)...), collecttest.Answers("unix", socket))
	return port, socket
}

// sendRedis sends a command to a server without a password and expects OK.
func sendRedis(t testing.TB, socket string, words ...string) {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answer := make([]byte, 64)
	_, err = conn.Write(appendRedisCommand(nil, words...))
	n, read := conn.Read(answer)
	if err = errors.Join(err, read); err != nil || !strings.HasPrefix(string(answer[:n]), "+OK") {
		t.Fatalf("%v: %q, %v", words, answer[:n], err)
	}
}

// waitUntil polls a server until the condition is met.
func waitUntil(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for !condition() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("waited a minute until: " + what)
		}
	}
}

func TestRedis(t *testing.T) {
	t.Parallel()
	port, socket := startRedis(t)
	at := schedule.Details{"host": "127.0.0.1", "port": port}
	version, err := exec.Command(collecttest.Program(t, "redis-server", "redis-server"), "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("conform", func(t *testing.T) {
		collecttest.Conform(t, collecttest.Subject{
			Type: redisType(), Details: at, Metrics: parseTable(redisTable),
			Optional: strings.Fields(`replication_link_status replication_sync_in_progress replication_link_down replication_lag
				replication_lag_bytes replication_last_io`),
			Wrong: []collecttest.Wrong{
				{Details: schedule.Details{"port": "x"}, Status: `detail "port" is "x", not a whole number`},
				{Details: schedule.Details{"port": 65536}, Status: `detail "port" is "65536", not from 1 to 65535`},
				{Details: schedule.Details{"host": []any{"a"}}, Status: `detail "host" is "a list or an object", not a text`},
				{Details: with(at, schedule.Details{"password": map[string]any{}}), Status: `detail "password" is "a list or an object", not a text`},
				{Details: with(at, schedule.Details{"tls": "perhaps"}), Status: `detail "tls" is "perhaps", not true or false`},
				{Details: with(at, schedule.Details{"timeout": -1}), Status: `detail "timeout" is "-1", not a duration`},
				{Details: with(at, schedule.Details{"password": redisWrong}), Status: "Could not authenticate. The server has no password."},
				{Details: with(at, schedule.Details{"username": "bob", "password": redisWrong}), Status: "Could not authenticate. Invalid password."},
				{Details: with(at, schedule.Details{"tls": true, "timeout": 300}), // Redis takes the ClientHello for the beginning of a command
					Status: "No answer from 127.0.0.1:" + port + " within the time limit of 0.3 seconds"},
				{Details: schedule.Details{"socket": socket + ".none"}, Status: "No such socket: " + socket + ".none"},
			},
		})
	})
	t.Run("metrics", func(t *testing.T) {
		sendRedis(t, socket, "SET", "key", "value")
		seen := metricsOf(t, redisType(), schedule.Details{"socket": socket, "timeout": 5000})
		if v := seen["version"].Value; v == "" || !strings.Contains(string(version), "v="+v+" ") {
			t.Errorf("version %q, but redis-server --version prints %s", v, version)
		}
		if seen["changes_since_last_save"].Value == "0" || seen["replication_role"].Value != "master" {
			t.Errorf("%v", seen)
		}
	})
}

func TestRedisPasswords(t *testing.T) {
	t.Parallel()
	port, socket := startRedis(t, "--requirepass", redisSecret, "--user", "watch", "on", ">of watch", "+info", "--user", "idle", "on", ">of idle", "+ping")
	at := schedule.Details{"host": "127.0.0.1", "port": port}
	typ := redisType()
	as := func(user, password string) schedule.Details {
		return with(at, schedule.Details{"username": user, "password": password})
	}
	for _, right := range []schedule.Details{
		as("", redisSecret), as("default", redisSecret), as("watch", "of watch"), {"socket": socket, "password": redisSecret},
	} {
		if seen := metricsOf(t, typ, right); seen["connected_clients"].Value == "" {
			t.Errorf("%v", seen)
		}
	}
	unavailable(t, typ, at, "Could not authenticate. Missing password?")
	unavailable(t, typ, as("", redisWrong), "Could not authenticate. Invalid password.")
	unavailable(t, typ, as("watch", redisWrong), "Could not authenticate. Invalid password.")
	unavailable(t, typ, as("watch", ""), "Could not authenticate. Invalid password.")
	r := runCheck(t, typ, as("idle", "of idle"), time.Minute)
	if r.State != collect.Unavailable || !strings.HasPrefix(r.Status, "Refused by 127.0.0.1:"+port+": NOPERM ") {
		t.Errorf("%s: %q", r.State, r.Status)
	}
}

func TestRedisTLS(t *testing.T) {
	t.Parallel()
	id, stranger := newIdentity(t, "redis.example"), newIdentity(t)
	port := collecttest.FreePort(t)
	_, socket := startRedis(t, "--tls-port", port, "--tls-cert-file", id.certFile, "--tls-key-file", id.keyFile, "--tls-ca-cert-file", id.certFile,
		"--requirepass", redisSecret, "--tls-auth-clients", "optional")
	at := schedule.Details{"host": "127.0.0.1", "port": port, "password": redisSecret, "ca_file": id.certFile}
	typ := redisType()
	for name, right := range map[string]schedule.Details{
		"authority":          at,
		"other name":         with(at, schedule.Details{"server_name": "redis.example"}),
		"unverified":         {"host": "127.0.0.1", "port": port, "password": redisSecret, "tls": "true", "tls_verify": "false"},
		"client certificate": with(at, schedule.Details{"cert_file": id.certFile, "key_file": id.keyFile}),
	} {
		if seen := metricsOf(t, typ, right); seen["version"].Value == "" {
			t.Errorf("%s: %v", name, seen)
		}
	}
	address := "127.0.0.1:" + port
	unavailable(t, typ, with(at, schedule.Details{"password": redisWrong}), "Could not authenticate. Invalid password.")
	unavailable(t, typ, with(at, schedule.Details{"ca_file": stranger.certFile}), "TLS certificate of "+address+" is not trusted: signed by an unknown authority")
	unavailable(t, typ, with(at, schedule.Details{"ca_file": "", "tls": 1}), "TLS certificate of "+address+" is not trusted: signed by an unknown authority")
	unavailable(t, typ, with(at, schedule.Details{"server_name": "other.example"}), "TLS certificate of "+address+" is not for the name other.example")
	unavailable(t, typ, with(at, schedule.Details{"ca_file": id.keyFile}), "reading ca_file: no certificate in "+id.keyFile)
	unavailable(t, typ, with(at, schedule.Details{"cert_file": id.certFile}), "reading cert_file: tls: found a certificate rather than a key in the PEM for the private key")

	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(appendRedisCommand(appendRedisCommand(nil, "AUTH", redisSecret), "CONFIG", "SET", "tls-auth-clients", "yes")); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the server requires a client certificate", func() bool { return runCheck(t, typ, at, time.Minute).State == collect.Unavailable })
	unavailable(t, typ, at, "TLS refused by "+address+": certificate required")
	metricsOf(t, typ, with(at, schedule.Details{"cert_file": id.certFile, "key_file": id.keyFile}))
}

func TestRedisReplica(t *testing.T) {
	t.Parallel()
	masterPort, masterSocket := startRedis(t)
	_, socket := startRedis(t, "--replicaof", "127.0.0.1", masterPort, "--repl-diskless-sync-delay", "0")
	master, replica := schedule.Details{"socket": masterSocket}, schedule.Details{"socket": socket}
	typ := redisType()
	waitUntil(t, "the replica follows", func() bool {
		_, ok := metricsOf(t, typ, master)["replication_lag"]
		return ok && metricsOf(t, typ, replica)["replication_link_status"].Value == "up"
	})
	seen := metricsOf(t, typ, replica)
	if seen["replication_role"].Value != "slave" || seen["replication_last_io"].Value == "" || seen["replication_sync_in_progress"].Value != "0" {
		t.Errorf("%v", seen)
	}
	if seen := metricsOf(t, typ, master); seen["replication_replicas"].Value != "1" || seen["replication_lag_bytes"].Value == "" {
		t.Errorf("%v", seen)
	}
	sendRedis(t, socket, "REPLICAOF", "127.0.0.1", collecttest.FreePort(t))
	waitUntil(t, "the link is down", func() bool { return metricsOf(t, typ, replica)["replication_link_status"].Value == "down" })
	if seen := metricsOf(t, typ, replica); seen["replication_link_down"].Value == "" {
		t.Errorf("%v", seen)
	}
}

func TestRedisClientLimit(t *testing.T) {
	t.Parallel()
	port, _ := startRedis(t, "--maxclients", "1")
	waitUntil(t, "the only client is this one", func() bool {
		first, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { first.Close() })
		answer := make([]byte, 16)
		first.Write(appendRedisCommand(nil, "PING"))
		n, _ := first.Read(answer)
		return string(answer[:n]) == "+PONG\r\n"
	})
	unavailable(t, redisType(), schedule.Details{"host": "127.0.0.1", "port": port}, "Refused by 127.0.0.1:"+port+": ERR max number of clients reached")
}

func TestRedisBadServers(t *testing.T) {
	t.Parallel()
	bad := badServer{
		typ:           redisType(),
		at:            func(port string) schedule.Details { return schedule.Details{"host": "127.0.0.1", "port": port} },
		closed:        "Connection closed by %s",
		garbage:       "HTTP/1.1 400 Bad Request\r\nServer: other\r\n\r\n",
		garbageStatus: `Answer of %s is not the Redis protocol: "HTTP/1.1 400 Bad Request"`,
		endlessAgain:  "a", endlessStatus: `Answer of %s is not the Redis protocol: "` + strings.Repeat("a", 40) + `…"`,
	}
	bad.run(t)
	for name, b := range map[string]struct{ reply, status string }{
		"a length without end":  {"$99999999999999\r\n", "Answer of %s is longer than 1048576 bytes"},
		"no INFO":               {"$5\r\nhello\r\n", `Answer of %s is not a reply to INFO: "hello"`},
		"another error":         {"-LOADING Redis is loading\r\n", "Refused by %s: LOADING Redis is loading"},
		"2.4, missing password": {"-ERR operation not permitted\r\n", "Could not authenticate. Missing password?"},
		"control characters":    {"-ERR \x1b[31m\x00red\r\n", "Refused by %s: ERR [31m red"},
		"a long error":          {"-ERR " + strings.Repeat("b", 5000), `Answer of %s is not the Redis protocol: "-ERR ` + strings.Repeat("b", 35) + `…"`},
		"an incomplete string":  {"$10\r\nabc", "No answer from %s within the time limit of 0.3 seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port := serveText(t, b.reply)
			d := bad.at(port)
			if strings.Contains(b.status, "time limit") {
				d["timeout"] = 300
			}
			unavailable(t, bad.typ, d, strings.ReplaceAll(b.status, "%s", "127.0.0.1:"+port))
		})
	}
}

func TestRedisCloses(t *testing.T) {
	t.Parallel()
	port := serveConns(t, func(c net.Conn) {
		c.Read(make([]byte, 64))
		c.Write([]byte("$10\r\nabc"))
	})
	unavailable(t, redisType(), schedule.Details{"host": "127.0.0.1", "port": port}, "Connection closed by 127.0.0.1:"+port)
}

// TestRedisAuthErrors: servers before 6.0 have passwords and no usernames; some quote the password
// in their error.
func TestRedisAuthErrors(t *testing.T) {
	t.Parallel()
	for reply, status := range map[string]string{
		"-ERR invalid password\r\n":                                                        "Could not authenticate. Invalid password.",
		"-ERR Client sent AUTH, but no password is set\r\n":                                "Could not authenticate. The server has no password.",
		"-ERR wrong number of arguments for 'auth' command\r\n":                            "Could not authenticate. The server knows no usernames.",
		"-ERR unknown command 'AUTH', with args beginning with: '" + redisSecret + "'\r\n": "Refused by %s: ERR unknown command 'AUTH', with args beginning with: '***'",
		redisSecret + "\r\n":                                                               `Answer of %s is not the Redis protocol: "***"`,
	} {
		port := serveText(t, reply)
		unavailable(t, redisType(), schedule.Details{"host": "127.0.0.1", "port": port, "username": "u", "password": redisSecret},
			strings.ReplaceAll(status, "%s", "127.0.0.1:"+port))
	}
}
