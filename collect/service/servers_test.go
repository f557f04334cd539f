package service

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"math/big"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// An identity is a self-signed certificate for localhost and 127.0.0.1, in PEM files that all users
// can read.
type identity struct{ certFile, keyFile string }

// newIdentity returns an identity that is valid for an hour, also for the names.
func newIdentity(t testing.TB, names ...string) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "virgo test"},
		NotBefore:    time.Now().Add(-time.Minute),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA:         true, BasicConstraintsValid: true,
		DNSNames:    append([]string{"localhost"}, names...),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := collecttest.Folder(t)
	return identity{
		certFile: collecttest.WriteFile(t, dir, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))),
		keyFile:  collecttest.WriteFile(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))),
	}
}

// serveConns serves each connection to a loopback port. The test fails where a check leaves a
// connection open.
func serveConns(t testing.TB, serve func(net.Conn)) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		closed := make(chan struct{})
		go func() { open.Wait(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(time.Minute):
			t.Error("a connection is still open")
		}
	})
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// serveSilence starts a server that accepts connections and sends nothing.
func serveSilence(t testing.TB) (port string) {
	return serveConns(t, func(c net.Conn) { io.Copy(io.Discard, c) })
}

// serveClose starts a server that closes each connection.
func serveClose(t testing.TB) (port string) { return serveConns(t, func(net.Conn) {}) }

// serveText starts a server that sends a text and keeps the connection.
func serveText(t testing.TB, text string) (port string) {
	return serveConns(t, func(c net.Conn) {
		io.WriteString(c, text)
		io.Copy(io.Discard, c)
	})
}

// serveEndless starts a server that sends first, then again repeatedly until the connection ends;
// sent counts the bytes.
func serveEndless(t testing.TB, first, again string) (port string, sent *atomic.Int64) {
	sent = new(atomic.Int64)
	block := []byte(strings.Repeat(again, 1+4096/len(again)))
	return serveConns(t, func(c net.Conn) {
		go io.Copy(io.Discard, c)
		// In one write: a client that reads only the beginning sees what follows first as well.
		c.Write(append([]byte(first), block...))
		for {
			n, err := c.Write(block)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}), sent
}

// runCheck runs a check in a Runner.
func runCheck(t testing.TB, typ collect.Type, d schedule.Details, timeout time.Duration) collect.Result {
	t.Helper()
	registry, err := collect.NewRegistry(typ)
	if err != nil {
		t.Fatal(err)
	}
	check := schedule.Check{ID: "test", Type: typ.Name, Details: d, Period: time.Minute, Timeout: timeout}
	var result collect.Result
	runner := collect.Runner{Registry: registry}
	runner.Run(t.Context(), []collect.Job{{Check: check}}, func(_ int, o collect.Outcome) { result = o.Result })
	return result
}

// unavailable expects the check to fail with the status.
func unavailable(t testing.TB, typ collect.Type, d schedule.Details, status string) {
	t.Helper()
	if r := runCheck(t, typ, d, time.Minute); r.State != collect.Unavailable || r.Status != status || len(r.Metrics) > 0 {
		t.Errorf("%s, %q, %d metrics, want %q", r.State, r.Status, len(r.Metrics), status)
	}
}

// metricsOf expects the check to be available, and returns its metrics by name.
func metricsOf(t testing.TB, typ collect.Type, d schedule.Details) map[string]collect.Metric {
	t.Helper()
	r := runCheck(t, typ, d, time.Minute)
	if r.State != collect.Available {
		t.Fatalf("%s: %s", r.State, r.Status)
	}
	seen := make(map[string]collect.Metric)
	for _, m := range r.Metrics {
		seen[m.Name] = m
	}
	return seen
}

// with returns the details with more of them.
func with(d schedule.Details, more schedule.Details) schedule.Details {
	all := maps.Clone(d)
	maps.Copy(all, more)
	return all
}

// A badServer says what a check must report of misbehaving servers.
type badServer struct {
	typ collect.Type
	// at returns the details for a port of 127.0.0.1.
	at func(port string) schedule.Details
	// closed is the status where the server closes the connection; %s stands for its address.
	closed string
	// garbage is another protocol's text, and garbageStatus the status for it.
	garbage, garbageStatus string
	// endlessFirst and endlessAgain are a reply without an end, and endlessStatus the status for
	// it.
	endlessFirst, endlessAgain, endlessStatus string
}

// maxEndlessBytes is how much an endless server may send before the check ends, with the system's
// buffers.
const maxEndlessBytes = 32 << 20

// run tests that the check ends with the right status, at its time limit at the latest.
func (b badServer) run(t *testing.T) {
	status := func(pattern, port string) string { return strings.ReplaceAll(pattern, "%s", "127.0.0.1:"+port) }
	t.Run("gone", func(t *testing.T) {
		t.Parallel()
		port := collecttest.FreePort(t)
		unavailable(t, b.typ, b.at(port), status("Connection refused by %s", port))
	})
	t.Run("closing", func(t *testing.T) {
		t.Parallel()
		port := serveClose(t)
		unavailable(t, b.typ, b.at(port), status(b.closed, port))
	})
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		typ, returned := collecttest.RecordReturn(b.typ)
		r := runCheck(t, typ, b.at(serveSilence(t)), 300*time.Millisecond)
		if r.State != collect.Unavailable || r.Status != "check timed out after 0.3s" {
			t.Errorf("%s: %q", r.State, r.Status)
		}
		if !returned() {
			t.Error("the check was abandoned: it did not return at its time limit")
		}
	})
	t.Run("silent past its own time limit", func(t *testing.T) {
		t.Parallel()
		port := serveSilence(t)
		unavailable(t, b.typ, with(b.at(port), schedule.Details{"timeout": "200"}), status("No answer from %s within the time limit of 0.2 seconds", port))
	})
	t.Run("garbage", func(t *testing.T) {
		t.Parallel()
		port := serveText(t, b.garbage)
		unavailable(t, b.typ, b.at(port), status(b.garbageStatus, port))
	})
	t.Run("endless", func(t *testing.T) {
		t.Parallel()
		port, sent := serveEndless(t, b.endlessFirst, b.endlessAgain)
		unavailable(t, b.typ, b.at(port), status(b.endlessStatus, port))
		if n := sent.Load(); n > maxEndlessBytes {
			t.Errorf("the server sent %d bytes", n)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		port := serveConns(t, func(c net.Conn) {
			cancel()
			io.Copy(io.Discard, c)
		})
		_, err := b.typ.Checker.Check(ctx, collect.Request{Check: schedule.Check{Details: b.at(port)}, Now: time.Now})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
