package folder

import (
	"bytes"
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"virgo/transport"
)

func TestCertificateProblems(t *testing.T) {
	dir := newDir(t)
	made := time.Now()
	if _, err := MakeClient(dir, "web1", made); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration][]string{
		0:                                        {},
		-2 * 24 * time.Hour:                      {"not valid before", "not valid before", "not valid before"},
		leafLifetime - renewBefore + 2*time.Hour: {"clients/web1.pem ends in 29 days"},
		leafLifetime - renewBefore + 26*time.Hour: {"server.pem ends in 28 days", "clients/web1.pem ends in 28 days"},
		leafLifetime - time.Hour:                  {"server.pem ends today", "web1.pem ends today"},
		leafLifetime + time.Hour:                  {"server.pem ended on", "web1.pem ended on"},
		caLifetime - 80*24*time.Hour:              {"server.pem ended", "ca.pem ends in 80 days", "web1.pem ended"},
	} {
		got := CertificateProblems(dir, made.Add(after-time.Minute))
		if len(got) != len(want) {
			t.Errorf("after %v: %q, want %q", after, got, want)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i].What, want[i]) || got[i].Next == "" {
				t.Errorf("after %v: %q, want %q", after, got[i], want[i])
			}
		}
	}
	if err := os.WriteFile(dir.serverCert(), []byte("nothing"), publicMode); err != nil {
		t.Fatal(err)
	}
	if got := CertificateProblems(dir, made); len(got) != 1 || !strings.Contains(got[0].What, "cannot be read") {
		t.Errorf("no certificate: %q", got)
	}
}

// What ends soon is logged when a server starts and once a day, not once a minute.
func TestExpiryIsLoggedOnceADay(t *testing.T) {
	dir := newDir(t)
	now := time.Now()
	if _, err := MakeClient(dir, "web1", now); err != nil {
		t.Fatal(err)
	}
	now = now.Add(leafLifetime - 10*24*time.Hour) // the server's is renewed at the start
	var log bytes.Buffer
	c, err := LoadCertificate(dir, slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	for range 3 * 24 * 60 {
		now = now.Add(time.Minute)
		c.Leaf()
	}
	// The certificate that ends, once at the start and three times in three days.
	if n := strings.Count(log.String(), "clients/web1.pem ends in"); n != 4 || strings.Contains(log.String(), "server.pem") {
		t.Errorf("logged %d times\n%s", n, &log)
	}
}

func TestRenewServer(t *testing.T) {
	dir := newDir(t)
	now := time.Now()
	c, err := LoadCertificate(dir, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	first := c.Leaf()
	now = now.Add(100 * 24 * time.Hour)
	renewed, err := RenewServer(dir, nil, now)
	if err != nil || transport.PinOf(renewed) != transport.PinOf(first) || strings.Join(hostsOf(renewed), " ") != strings.Join(hostsOf(first), " ") ||
		!renewed.NotAfter.After(first.NotAfter) {
		t.Errorf("%+v, %v", renewed, err)
	}
	now = now.Add(2 * recheckCertificate)
	if shown := c.Leaf(); !shown.Equal(renewed) {
		t.Error("a server that runs still has the old one")
	}
	if renewed, err = RenewServer(dir, []string{"new.example.com"}, now); err != nil || renewed.VerifyHostname("new.example.com") != nil {
		t.Errorf("other hosts: %v", err)
	}
	if _, err := RenewServer(dir, []string{"no host"}, now); !errors.Is(err, ErrBadHost) {
		t.Errorf("no host: %v", err)
	}
	if _, err := RenewServer(Dir(t.TempDir()), nil, now); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
	if err := os.Remove(dir.caCert()); err != nil {
		t.Fatal(err)
	}
	if _, err := RenewServer(dir, nil, now); !errors.Is(err, ErrForeign) {
		t.Errorf("another authority's: %v", err)
	}
}

// After the authority's certificate was renewed, old certificates are valid with the new one, and new
// ones with the old.
func TestRenewCA(t *testing.T) {
	dir := newDir(t)
	now := time.Now()
	read := func(path string) *x509.Certificate {
		t.Helper()
		cert, err := readCert(path)
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	oldCA, oldServer := read(dir.caCert()), read(dir.serverCert())
	now = now.Add(24 * time.Hour)
	newCA, err := RenewCA(dir, now)
	if err != nil || !newCA.NotAfter.After(oldCA.NotAfter) {
		t.Fatalf("%+v, %v", newCA, err)
	}
	newServer, err := RenewServer(dir, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, ca := range []*x509.Certificate{oldCA, newCA} {
		pool := x509.NewCertPool()
		pool.AddCert(ca)
		for _, server := range []*x509.Certificate{oldServer, newServer} {
			if _, err := server.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: now}); err != nil {
				t.Error(err)
			}
		}
	}
	if err := os.Remove(dir.caKey()); err != nil {
		t.Fatal(err)
	}
	if _, err := RenewCA(dir, now); !errors.Is(err, ErrNoCAKey) {
		t.Errorf("without the key: %v", err)
	}
}
