package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/crypto/acme"
)

// acmeName is the name that is certified; only pebble looks it up, at the test's own name server.
const acmeName = "monitor.example.com"

// TestACME gets a certificate from a real authority: Debian's pebble, which tests clients of ACME.
func TestACME(t *testing.T) {
	if os.Getenv("VIRGO_TEST") != "all" {
		t.Skip("runs the real pebble: VIRGO_TEST=all runs this test")
	}
	program, err := exec.LookPath("pebble")
	if err != nil {
		if os.Getenv("VIRGO_REQUIRE_SERVICES") == "1" {
			t.Fatal("pebble is missing: install Debian's pebble")
		}
		t.Skip("pebble is missing: install Debian's pebble")
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	directory, roots := startPebble(t, program, inner.Addr().(*net.TCPAddr).Port)
	folder := filepath.Join(t.TempDir(), "acme")
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	a := NewACME([]string{acmeName}, folder, directory, log, time.Now)
	a.manager.Client = &acme.Client{DirectoryURL: directory, HTTPClient: trusting(roots)}

	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(tls.NewListener(inner, a.TLS())) }()
	defer server.Close()
	serial := func() string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		dialer := tls.Dialer{Config: &tls.Config{ServerName: acmeName, InsecureSkipVerify: true}} //nolint:gosec // pebble makes its root anew each time
		nc, err := dialer.DialContext(ctx, "tcp", inner.Addr().String())
		if err != nil {
			t.Fatalf("%v; problems: %q", err, a.Problems())
		}
		defer nc.Close()
		leaf := nc.(*tls.Conn).ConnectionState().PeerCertificates[0]
		if err := leaf.VerifyHostname(acmeName); err != nil {
			t.Error(err)
		}
		return leaf.SerialNumber.String()
	}
	first := serial()
	if again := serial(); again != first {
		t.Errorf("a certificate for each connection: %s, then %s", first, again)
	}
	// After a restart it is that of the folder.
	b := NewACME([]string{acmeName}, folder, "https://127.0.0.1:1/nobody", log, time.Now)
	pair, err := b.manager.GetCertificate(&tls.ClientHelloInfo{ServerName: acmeName, SupportedVersions: []uint16{tls.VersionTLS13},
		CipherSuites:     []uint16{tls.TLS_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}, SupportedCurves: []tls.CurveID{tls.CurveP256}})
	if err != nil || pair.Leaf.SerialNumber.String() != first {
		t.Errorf("after a restart: %v", err)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v %v", info, err)
	}
}

// An authority that cannot be reached is said, and names of others are not.
func TestACMEProblems(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // refuses connections
	a := NewACME([]string{"monitor.example.com"}, t.TempDir(), "http://"+l.Addr().String()+"/", slog.New(slog.DiscardHandler), time.Now)
	get := a.TLS().GetCertificate
	if _, err := get(&tls.ClientHelloInfo{ServerName: "scanner.example.net"}); err == nil || a.Problems() != nil {
		t.Errorf("another name: %v, problems %q", err, a.Problems())
	}
	if _, err := get(&tls.ClientHelloInfo{ServerName: "monitor.example.com"}); err == nil || len(a.Problems()) != 1 {
		t.Errorf("no authority: %v, problems %q", err, a.Problems())
	}
}

// startPebble starts an authority that connects to a port of this host, and returns its directory and the certificate of
// its own server.
func startPebble(t *testing.T, program string, port int) (directory string, roots *x509.CertPool) {
	t.Helper()
	dir := t.TempDir()
	cert, key := selfSigned(t, dir)
	free := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	at, management := free(), free()
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{"listenAddress": at, "managementListenAddress": management,
		"certificate": cert, "privateKey": key, "httpPort": 1, "tlsPort": port, "ocspResponderURL": ""}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-config", file, "-dnsserver", nameServer(t))
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	data, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(data)
	directory = "https://" + at + "/dir"
	client := trusting(roots)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, directory, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(r)
		if err == nil {
			res.Body.Close()
			return directory, roots
		}
		if ctx.Err() != nil {
			t.Fatalf("pebble did not start: %v", err)
		}
	}
}

func trusting(roots *x509.CertPool) *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
}

// nameServer starts a name server for which every name is this host, and returns its address.
func nameServer(t *testing.T) string {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: pc, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		answer := new(dns.Msg).SetReply(r)
		if q := r.Question[0]; q.Qtype == dns.TypeA {
			answer.Answer = append(answer.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)})
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return pc.LocalAddr().String()
}
