package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

func listen(t testing.TB, script transporttest.Script) *transporttest.Endpoint {
	t.Helper()
	e, err := transporttest.Listen(script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func caFile(t testing.TB, a *transporttest.Authority) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, append([]byte("\ufeff"), a.PEM()...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// freePort returns an address on which nothing listens. Its port is below those that systems choose for
// connections: none of another test has it before a server does.
func freePort(t testing.TB) string {
	t.Helper()
	const lowest, highest, tries = 11_000, 32_000, 1000
	var err error
	for range tries {
		var l net.Listener
		address := fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(highest-lowest))
		if l, err = net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal(err)
	return ""
}

func TestDeliveryOverLoopback(t *testing.T) {
	e := listen(t, transporttest.Script{Features: pipelined})
	d := transport.Dialer{Endpoints: []string{e.Address()}, TLS: transport.TLSConfig{CAFile: caFile(t, e.Authority)}}
	conn, endpoint, err := d.Dial(t.Context())
	if err != nil || endpoint != e.Address() {
		t.Fatal(endpoint, err)
	}
	l := newLedger(t, 2000)
	l.batch = 100
	n, err := run(t.Context(), conn, transport.SessionOptions{Pipelined: true}, l)
	if n != 2000 || err != nil {
		t.Fatal(n, err)
	}
	e.Close()
	wantStored(t, e, 2000)
	if len(e.Faults()) > 0 {
		t.Error(e.Faults())
	}
}

// The endpoint refuses hello and closes while this side still writes: its error is reported, not
// the broken pipe.
func TestEndpointErrorIsReportedBeforeBrokenPipe(t *testing.T) {
	e := listen(t, transporttest.Script{Features: pipelined, Token: "another"})
	d := transport.Dialer{Endpoints: []string{e.Address()}, TLS: transport.TLSConfig{Pins: []string{e.Pin()}}}
	for range 20 {
		conn, _, err := d.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := run(t.Context(), conn, transport.SessionOptions{Pipelined: true}, newLedger(t, 2000)); !errors.Is(err, transport.ErrAuth) {
			t.Fatal(err)
		}
	}
}

func TestTrust(t *testing.T) {
	e := listen(t, transporttest.Script{})
	other, err := transporttest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	wrongPin := "sha256:" + strings.Repeat("00", 32)
	port := e.Address()[strings.LastIndex(e.Address(), ":"):]
	year := func(y int) time.Time { return time.Date(y, 1, 2, 3, 4, 0, 0, time.UTC) }
	for _, c := range []struct {
		name string
		cert transporttest.Certificate
		tls  func(e *transporttest.Endpoint) transport.TLSConfig
		want string // in the error; empty: trusted
		hint string
	}{
		{"CA", transporttest.Certificate{}, byCA(t), "", ""},
		{"pin", transporttest.Certificate{}, byPin, "", ""},
		{"pin, whatever the certificate says", transporttest.Certificate{SelfSigned: true, Names: []string{"x"}, NotAfter: year(2001)}, byPin, "", ""},
		{"CA and pin", transporttest.Certificate{}, both(t), "", ""},
		{"CA and server name", transporttest.Certificate{Names: []string{"endpoint.example"}}, named(byCA(t), "endpoint.example"), "", ""},
		{"one of two pins", transporttest.Certificate{}, func(e *transporttest.Endpoint) transport.TLSConfig {
			return transport.TLSConfig{Pins: []string{wrongPin, e.Pin()}}
		}, "", ""},

		{"expired", transporttest.Certificate{NotAfter: year(2001)}, byCA(t), "expired on 2001-01-02 03:04 UTC", "renew it"},
		{"not yet valid", transporttest.Certificate{NotBefore: year(2080)}, byCA(t), "is valid from 2080-01-02 03:04 UTC, and this host's clock says", "set this host's clock"},
		{"wrong name", transporttest.Certificate{Names: []string{"a.example", "10.0.0.1"}}, byCA(t), `the certificate is for "a.example", 10.0.0.1, not for "127.0.0.1"`, "server name"},
		{"wrong name, pinned as well", transporttest.Certificate{Names: []string{"a.example"}}, both(t), "not for", "server name"},
		{"no name", transporttest.Certificate{Names: []string{}}, byCA(t), "no host at all", "server name"},
		{"self-signed", transporttest.Certificate{SelfSigned: true}, byCA(t), "is self-signed", "pin: sha256:"},
		{"unknown CA", transporttest.Certificate{}, func(*transporttest.Endpoint) transport.TLSConfig {
			return transport.TLSConfig{CAFile: caFile(t, other)}
		}, `is signed by "CN=transporttest authority", which is not trusted`, "pin: sha256:"},
		{"wrong pin", transporttest.Certificate{}, func(*transporttest.Endpoint) transport.TLSConfig {
			return transport.TLSConfig{Pins: []string{wrongPin}}
		}, ", which is not pinned", "ask the endpoint's owner"},
		{"good CA, wrong pin", transporttest.Certificate{}, func(e *transporttest.Endpoint) transport.TLSConfig {
			return transport.TLSConfig{Pins: []string{wrongPin}, CAFile: caFile(t, e.Authority)}
		}, ", which is not pinned", "ask the endpoint's owner"},
		{"wrong CA, good pin", transporttest.Certificate{}, func(e *transporttest.Endpoint) transport.TLSConfig {
			return transport.TLSConfig{Pins: []string{e.Pin()}, CAFile: caFile(t, other)}
		}, "which is not trusted", "CA file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cert, err := e.Authority.Issue(c.cert)
			if err != nil {
				t.Fatal(err)
			}
			e.Show(cert)
			d := transport.Dialer{Endpoints: []string{"127.0.0.1" + port}, TLS: c.tls(e)}
			conn, _, err := d.Dial(t.Context())
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				conn.Close()
				return
			}
			if err == nil || !errors.Is(err, transport.ErrTLS) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v", err)
			}
			var hint interface{ Hint() string }
			if !errors.As(err, &hint) || !strings.Contains(hint.Hint(), c.hint) {
				t.Errorf("hint of %v", err)
			}
		})
	}
}

func byCA(t *testing.T) func(*transporttest.Endpoint) transport.TLSConfig {
	return func(e *transporttest.Endpoint) transport.TLSConfig {
		return transport.TLSConfig{CAFile: caFile(t, e.Authority)}
	}
}

func byPin(e *transporttest.Endpoint) transport.TLSConfig {
	return transport.TLSConfig{Pins: []string{e.Pin()}}
}

func both(t *testing.T) func(*transporttest.Endpoint) transport.TLSConfig {
	return func(e *transporttest.Endpoint) transport.TLSConfig {
		return transport.TLSConfig{CAFile: caFile(t, e.Authority), Pins: []string{e.Pin()}}
	}
}

func named(by func(*transporttest.Endpoint) transport.TLSConfig, name string) func(*transporttest.Endpoint) transport.TLSConfig {
	return func(e *transporttest.Endpoint) transport.TLSConfig {
		c := by(e)
		c.ServerName = name
		return c
	}
}

func TestNotTLS(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, "SSH-2.0-OpenSSH_9.6\r\n")
			conn.Close()
		}
	}()
	d := transport.Dialer{Endpoints: []string{l.Addr().String()}, TLS: transport.TLSConfig{Pins: []string{strings.Repeat("ab", 32)}}}
	if _, _, err := d.Dial(t.Context()); !errors.Is(err, transport.ErrTLS) || !strings.Contains(err.Error(), "does not speak TLS") {
		t.Fatal(err)
	}
}

func TestInvalidTrustDialsNothing(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]transport.TLSConfig{
		"no such file":           {CAFile: filepath.Join(t.TempDir(), "ca.pem")},
		"has no PEM certificate": {CAFile: empty},
		`pin "sha256:12"`:        {Pins: []string{"sha256:12"}},
	} {
		d := transport.Dialer{Endpoints: []string{"localhost:1"}, TLS: c, DialContext: func(context.Context, string, string) (net.Conn, error) {
			t.Error("dialed")
			return nil, net.ErrClosed
		}}
		_, _, err := d.Dial(t.Context())
		var dial *transport.DialError
		if err == nil || errors.As(err, &dial) {
			t.Errorf("got %v", err)
		} else if !strings.Contains(err.Error(), want) && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestEndpointsAreTriedInOrder(t *testing.T) {
	e := listen(t, transporttest.Script{})
	gone, refusing := freePort(t), listen(t, transporttest.Script{Refuse: true})
	untrusted := listen(t, transporttest.Script{})
	d := transport.Dialer{
		Endpoints: []string{"nonsense", gone, refusing.Address(), untrusted.Address(), e.Address()},
		TLS:       transport.TLSConfig{Pins: []string{e.Pin()}},
	}
	conn, endpoint, err := d.Dial(t.Context())
	if err != nil || endpoint != e.Address() {
		t.Fatal(endpoint, err)
	}
	conn.Close()

	d.Endpoints = d.Endpoints[:4]
	_, _, err = d.Dial(t.Context())
	var failed *transport.DialError
	if !errors.As(err, &failed) || len(failed.Attempts) != 4 {
		t.Fatal(err)
	}
	kinds := []error{transport.ErrNoEndpoint, transport.ErrUnreachable, transport.ErrUnreachable, transport.ErrTLS}
	for i, a := range failed.Attempts {
		if a.Endpoint != d.Endpoints[i] || !errors.Is(a.Err, kinds[i]) || !strings.Contains(err.Error(), a.Endpoint+": "+a.Err.Error()) {
			t.Errorf("attempt %d: %+v", i, a)
		}
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v does not say that the connection was refused", err)
	}
	if _, _, err := new(transport.Dialer).Dial(t.Context()); !errors.Is(err, transport.ErrNoEndpoint) {
		t.Error(err)
	}
}

func TestConnectTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blackHole := func(ctx context.Context, _, address string) (net.Conn, error) {
			if address == "mute.example:1" { // takes the connection, says nothing
				client, server := transporttest.Link(0, 0)
				t.Cleanup(func() { server.Close() })
				return client, nil
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		d := transport.Dialer{Endpoints: []string{"lost.example:1", "mute.example:1"}, DialContext: blackHole}
		start := time.Now()
		_, _, err := d.Dial(t.Context())
		if !errors.Is(err, transport.ErrUnreachable) || errors.Is(err, transport.ErrTLS) || time.Since(start) != 2*transport.ConnectTimeout {
			t.Fatal(err, time.Since(start))
		}
		if got := strings.Count(err.Error(), "no answer in time"); got != 2 {
			t.Errorf("got %v", err)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start = time.Now()
		_, _, err = d.Dial(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "lost.example:1: ") || time.Since(start) != 3*time.Second {
			t.Fatal(err, time.Since(start))
		}
	})
}
