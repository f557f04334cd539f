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
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// folder is a new folder that every user may look into, with a path short enough for a socket's.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "v")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// write writes a file that every user may read, and gives its path.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// An identity is a certificate for localhost and 127.0.0.1, in PEM files that every user may read. It is its
// own authority.
type identity struct{ certFile, keyFile string }

// certify makes an identity that is good for an hour from now, and for the other names as well.
func certify(t testing.TB, names ...string) identity {
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
	dir := folder(t)
	return identity{
		certFile: write(t, dir, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))),
		keyFile:  write(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))),
	}
}

// listen serves each connection to a loopback port. It is an error of the test's when a connection lives on
// once the test is over: a check left it behind.
func listen(t testing.TB, serve func(net.Conn)) (port string) {
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
		over := make(chan struct{})
		go func() { open.Wait(); close(over) }()
		select {
		case <-over:
		case <-time.After(10 * time.Second):
			t.Error("a connection was left behind")
		}
	})
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// silent accepts and says nothing.
func silent(t testing.TB) (port string) {
	return listen(t, func(c net.Conn) { io.Copy(io.Discard, c) })
}

// closing accepts and closes.
func closing(t testing.TB) (port string) { return listen(t, func(net.Conn) {}) }

// says says a text at once and then listens.
func says(t testing.TB, text string) (port string) {
	return listen(t, func(c net.Conn) {
		io.WriteString(c, text)
		io.Copy(io.Discard, c)
	})
}

// endless says first and then again and again without end, for as long as somebody listens; said counts the bytes.
func endless(t testing.TB, first, again string) (port string, said *atomic.Int64) {
	said = new(atomic.Int64)
	block := []byte(strings.Repeat(again, 1+4096/len(again)))
	return listen(t, func(c net.Conn) {
		go io.Copy(io.Discard, c)
		io.WriteString(c, first)
		for {
			n, err := c.Write(block)
			said.Add(int64(n))
			if err != nil {
				return
			}
		}
	}), said
}

// examine runs a check as a Runner does, with a time limit.
func examine(t testing.TB, typ collect.Type, d schedule.Details, limit time.Duration) collect.Result {
	t.Helper()
	registry, err := collect.NewRegistry(typ)
	if err != nil {
		t.Fatal(err)
	}
	check := schedule.Check{ID: "test", Type: typ.Name, Details: d, Period: time.Minute, Timeout: limit}
	var result collect.Result
	runner := collect.Runner{Registry: registry}
	runner.Run(t.Context(), []collect.Job{{Check: check}}, func(_ int, o collect.Outcome) { result = o.Result })
	return result
}

// unavailable expects a check to fail with a status.
func unavailable(t testing.TB, typ collect.Type, d schedule.Details, status string) {
	t.Helper()
	if r := examine(t, typ, d, time.Minute); r.State != collect.Unavailable || r.Status != status || len(r.Metrics) > 0 {
		t.Errorf("%s, %q, %d metrics, want %q", r.State, r.Status, len(r.Metrics), status)
	}
}

// figures expects a check to work, and gives its metrics by name.
func figures(t testing.TB, typ collect.Type, d schedule.Details) map[string]collect.Metric {
	t.Helper()
	r := examine(t, typ, d, time.Minute)
	if r.State != collect.Available {
		t.Fatalf("%s: %s", r.State, r.Status)
	}
	seen := make(map[string]collect.Metric)
	for _, m := range r.Metrics {
		seen[m.Name] = m
	}
	return seen
}

// with is details and more of them.
func with(d schedule.Details, more schedule.Details) schedule.Details {
	all := maps.Clone(d)
	maps.Copy(all, more)
	return all
}

// A badServer is what comes of servers that are none, for a check that is pointed at them.
type badServer struct {
	typ collect.Type
	// at gives the details that point the check at a port of 127.0.0.1.
	at func(port string) schedule.Details
	// closed is the status where the server closes the connection; %s stands for its address.
	closed string
	// garbage is said by one, and the status that comes of it.
	garbage, garbageStatus string
	// endlessFirst and endlessAgain are said by one without end, and the status that comes of it.
	endlessFirst, endlessAgain, endlessStatus string
}

// mostEndless is what an endless server may say until the check has had enough, with what the system's buffers take.
const mostEndless = 32 << 20

// run holds a check to what it promises: it ends, in time, with a plain sentence.
func (b badServer) run(t *testing.T) {
	status := func(pattern, port string) string { return strings.ReplaceAll(pattern, "%s", "127.0.0.1:"+port) }
	t.Run("gone", func(t *testing.T) {
		t.Parallel()
		port := collecttest.FreePort(t)
		unavailable(t, b.typ, b.at(port), status("Connection refused by %s", port))
	})
	t.Run("closing", func(t *testing.T) {
		t.Parallel()
		port := closing(t)
		unavailable(t, b.typ, b.at(port), status(b.closed, port))
	})
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		start := time.Now()
		r := examine(t, b.typ, b.at(silent(t)), 300*time.Millisecond)
		if r.State != collect.Unavailable || r.Status != "check timed out after 0.3s" {
			t.Errorf("%s: %q", r.State, r.Status)
		}
		if took := time.Since(start); took < 300*time.Millisecond || took > collect.Grace {
			t.Errorf("took %v", took)
		}
	})
	t.Run("silent past its own time limit", func(t *testing.T) {
		t.Parallel()
		port := silent(t)
		unavailable(t, b.typ, with(b.at(port), schedule.Details{"timeout": "200"}), status("No answer from %s within the time limit of 0.2 seconds", port))
	})
	t.Run("garbage", func(t *testing.T) {
		t.Parallel()
		port := says(t, b.garbage)
		unavailable(t, b.typ, b.at(port), status(b.garbageStatus, port))
	})
	t.Run("endless", func(t *testing.T) {
		t.Parallel()
		port, said := endless(t, b.endlessFirst, b.endlessAgain)
		unavailable(t, b.typ, b.at(port), status(b.endlessStatus, port))
		if n := said.Load(); n > mostEndless {
			t.Errorf("listened to %d bytes", n)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		port := listen(t, func(c net.Conn) {
			cancel()
			io.Copy(io.Discard, c)
		})
		_, err := b.typ.Checker.Check(ctx, collect.Request{Check: schedule.Check{Details: b.at(port)}, Now: time.Now})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
