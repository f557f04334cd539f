package service

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
)

// What the owner does not allow is refused before a connection is made, also to a Unix socket, and
// before a file is opened.
func TestGuardDecidesBeforeConnecting(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket := filepath.Join(t.TempDir(), "s")
	u, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	checks := map[string][]schedule.Details{}
	for _, name := range []string{"agent.redis", "agent.memcached", "agent.mysql", "agent.postgres"} {
		checks[name] = []schedule.Details{
			{"host": "127.0.0.1", "port": port}, {"host": "localhost", "port": port}, {"socket": socket},
			{"host": "127.0.0.1", "port": port, "ca_file": "/etc/shadow"},
			{"host": "127.0.0.1", "port": port, "tls": true, "cert_file": "/etc/shadow"},
		}
	}
	for _, name := range []string{"agent.apache", "agent.nginx", "agent.http_json"} {
		metrics := map[string]any{"a": "/a"}
		checks[name] = []schedule.Details{
			{"url": "http://127.0.0.1:" + port, "metrics": metrics}, {"url": "http://unix:" + socket, "metrics": metrics},
			{"url": "http://127.0.0.1/", "socket": socket, "metrics": metrics},
			{"url": "https://127.0.0.1:" + port, "metrics": metrics, "ca_file": "/etc/shadow"},
		}
	}
	checks["agent.mysql"] = append(checks["agent.mysql"], schedule.Details{"mycnf": "/etc/shadow"})
	for _, typ := range Types() {
		for _, d := range checks[typ.Name] {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := typ.Checker.Check(ctx, collect.Request{
				Check: schedule.Check{ID: "x", Type: typ.Name, Details: d}, Now: time.Now, Guard: new(policy.Guard),
			})
			var refused *policy.RefusedError
			if !errors.As(err, &refused) {
				t.Errorf("%s %v: %v", typ.Name, d, err)
			}
		}
	}
	for _, l := range []interface {
		net.Listener
		SetDeadline(time.Time) error
	}{l.(*net.TCPListener), u.(*net.UnixListener)} {
		if err := l.SetDeadline(time.Now().Add(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if conn, err := l.Accept(); err == nil {
			conn.Close()
			t.Errorf("a check connected to %s", l.Addr())
		}
	}
}
