package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

// startMemcached starts Debian's memcached with options.
func startMemcached(t testing.TB, network, address string, options ...string) {
	t.Helper()
	program := collecttest.Program(t, "memcached", "memcached")
	if os.Getuid() == 0 {
		options = append(options, "-u", "memcache")
	}
	collecttest.Serve(t, exec.Command(program, options...), collecttest.Answers(network, address))
}

func TestMemcached(t *testing.T) {
	t.Parallel()
	port := collecttest.FreePort(t)
	startMemcached(t, "tcp", "127.0.0.1:"+port, "-l", "127.0.0.1", "-p", port)
	at := schedule.Details{"host": "127.0.0.1", "port": port}
	collecttest.Conform(t, collecttest.Subject{
		Type: memcachedType(), Details: at, Metrics: parseTable(memcachedTable),
		Wrong: []collecttest.Wrong{
			{Details: schedule.Details{"port": 0}, Status: `detail "port" is "0", not from 1 to 65535`},
			{Details: schedule.Details{"socket": "/tmp/none/memcached"}, Status: "No such socket: /tmp/none/memcached"},
		},
	})
	t.Run("an unneeded password is not sent", func(t *testing.T) {
		before := metricsOf(t, memcachedType(), at)
		metricsOf(t, memcachedType(), with(at, schedule.Details{"username": "watch", "password": "s3cret"}))
		after := metricsOf(t, memcachedType(), at)
		if before["cmd_set"] != after["cmd_set"] || after["total_items"].Value != "0" {
			t.Errorf("the check wrote to the cache: %v", after)
		}
	})
}

func TestMemcachedPasswords(t *testing.T) {
	t.Parallel()
	dir := collecttest.Folder(t)
	if err := os.Chmod(dir, 0o777); err != nil { // the server creates its socket there
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "socket")
	startMemcached(t, "unix", socket, "-s", socket, "-a", "0777", "-Y", collecttest.WriteFile(t, dir, "users", "watch:s3cret\n"))
	at := schedule.Details{"socket": socket, "username": "watch", "password": "s3cret"}
	if seen := metricsOf(t, memcachedType(), at); seen["version"].Value == "" {
		t.Errorf("%v", seen)
	}
	unavailable(t, memcachedType(), with(at, schedule.Details{"password": "wr0ng"}), "Could not authenticate. Invalid password.")
	unavailable(t, memcachedType(), with(at, schedule.Details{"username": "other"}), "Could not authenticate. Invalid password.")
	unavailable(t, memcachedType(), schedule.Details{"socket": socket}, "Could not authenticate. Missing password?")
}

func TestMemcachedTLS(t *testing.T) {
	t.Parallel()
	id := newIdentity(t)
	port := collecttest.FreePort(t)
	startMemcached(t, "tcp", "127.0.0.1:"+port, "-l", "127.0.0.1", "-p", port, "-Z", "-o", "ssl_chain_cert="+id.certFile+",ssl_key="+id.keyFile)
	at := schedule.Details{"host": "127.0.0.1", "port": port, "ca_file": id.certFile}
	if seen := metricsOf(t, memcachedType(), at); seen["version"].Value == "" {
		t.Errorf("%v", seen)
	}
	unavailable(t, memcachedType(), with(at, schedule.Details{"ca_file": newIdentity(t).certFile}),
		"TLS certificate of 127.0.0.1:"+port+" is not trusted: signed by an unknown authority")
	unavailable(t, memcachedType(), schedule.Details{"host": "127.0.0.1", "port": port}, "Connection closed by 127.0.0.1:"+port)
}

func TestMemcachedBadServers(t *testing.T) {
	t.Parallel()
	badServer{
		typ:           memcachedType(),
		at:            func(port string) schedule.Details { return schedule.Details{"host": "127.0.0.1", "port": port} },
		closed:        "Connection closed by %s",
		garbage:       "SSH-2.0-OpenSSH_9.2\r\n",
		garbageStatus: `Answer of %s is not the memcached protocol: "SSH-2.0-OpenSSH_9.2"`,
		endlessFirst:  "STAT version 1.6\r\n", endlessAgain: "STAT a " + strings.Repeat("b", 500) + "\r\n",
		endlessStatus: "Answer of %s is longer than 4194304 bytes",
	}.run(t)
}

func TestMemcachedFull(t *testing.T) {
	t.Parallel()
	port := serveText(t, "ERROR Too many open connections\r\n")
	unavailable(t, memcachedType(), schedule.Details{"host": "127.0.0.1", "port": port},
		"Refused by 127.0.0.1:"+port+": ERROR Too many open connections")
}
