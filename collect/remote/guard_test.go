package remote

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
)

// refusals runs a check with a guard that allows nothing, and fails unless it is refused and nobody is
// connected to.
func refusals(t *testing.T, checkType string, d schedule.Details, connected func() bool) {
	t.Helper()
	for _, typ := range Types(Options{}) {
		if typ.Name != checkType {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := typ.Checker.Check(ctx, collect.Request{
			Check: schedule.Check{ID: "x", Type: checkType, Details: d}, Now: time.Now, Guard: new(policy.Guard),
		})
		var refused *policy.RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("%s %v: %v", checkType, d, err)
		}
		if connected() {
			t.Errorf("%s %v: it connected", checkType, d)
		}
		return
	}
	t.Fatalf("no type %s", checkType)
}

// What the owner does not allow is refused before a packet is sent.
func TestGuardDecidesBeforeConnecting(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	datagrams, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer datagrams.Close()
	connected := func() bool {
		now := time.Now().Add(time.Millisecond)
		_ = l.(*net.TCPListener).SetDeadline(now)
		_ = datagrams.SetReadDeadline(now)
		conn, err := l.Accept()
		if err == nil {
			conn.Close()
			return true
		}
		_, _, err = datagrams.ReadFrom(make([]byte, 1))
		return err == nil
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	refusals(t, "remote.tcp", schedule.Details{"target": "127.0.0.1", "port": port}, connected)
	refusals(t, "remote.tcp", schedule.Details{"target": "localhost", "port": port, "ssl": true}, connected)
	refusals(t, "remote.http", schedule.Details{"url": "http://127.0.0.1:" + port}, connected)
	refusals(t, "remote.http", schedule.Details{"url": "http://example.com/", "target": "127.0.0.1"}, connected)
	refusals(t, "remote.http", schedule.Details{"url": "http://example.com/", "proxy": "http://127.0.0.1:" + port}, connected)
	refusals(t, "remote.dns", schedule.Details{"query": "example.com", "server": datagrams.LocalAddr().String()}, connected)
	refusals(t, "remote.ping", schedule.Details{"target": "127.0.0.1", "count": 1}, connected)
	for _, file := range []string{"ca_file", "cert_file"} {
		refusals(t, "remote.tcp", schedule.Details{"target": "127.0.0.1", "port": port, "ssl": true, file: "/etc/shadow"}, connected)
		refusals(t, "remote.http", schedule.Details{"url": "https://127.0.0.1:" + port, file: "/etc/shadow"}, connected)
	}
}

// The owner's own check follows a redirect that an endpoint's would be refused.
func TestNoGuardAllowsAll(t *testing.T) {
	s := httptest.NewServer(http.RedirectHandler("/there", http.StatusFound))
	defer s.Close()
	_, err := httpCheck{}.Check(t.Context(), collect.Request{
		Check: schedule.Check{ID: "x", Type: "remote.http", Details: schedule.Details{"url": s.URL, "follow_redirects": false}},
		Now:   time.Now,
	})
	if err != nil {
		t.Error(err)
	}
}
