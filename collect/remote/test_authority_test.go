package remote

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// An authority signs certificates. The system trusts the one that TestMain creates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var trusted authority

// TestMain creates an authority that this process trusts.
func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "virgo-remote")
	if err != nil {
		panic(err)
	}
	trusted = newAuthority("Trusted Test Authority")
	file := filepath.Join(folder, "authorities.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.cert.Raw}), 0o600); err != nil {
		panic(err)
	}
	// crypto/x509 reads the system's authorities from these on Linux and FreeBSD.
	os.Setenv("SSL_CERT_FILE", file)
	os.Setenv("SSL_CERT_DIR", folder)
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

func newAuthority(name string) authority {
	key := newKey()
	cert := sign(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name, Organization: []string{"virgo"}},
		NotBefore: time.Now().Add(-10 * 365 * 24 * time.Hour), NotAfter: time.Now().Add(10 * 365 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, key, key)
	return authority{cert, key}
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func sign(template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	if parent == nil {
		parent = template
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		panic(err)
	}
	return cert
}

// certOptions describe a certificate. The zero value is valid for 127.0.0.1, ::1 and localhost, and
// trusted.
type certOptions struct {
	names      []string
	start, end time.Time
	self       bool
	by         *authority // nil: trusted
	client     bool       // for a client instead of a server
}

func newCertificate(w certOptions) tls.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost", Organization: []string{"virgo"}},
		NotBefore: time.Now().Add(-24 * time.Hour).Truncate(time.Second), NotAfter: time.Now().Add(30 * 24 * time.Hour).Truncate(time.Second),
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if w.names != nil {
		template.DNSNames, template.IPAddresses = w.names, nil
		template.Subject.CommonName = w.names[0]
	}
	if w.client {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	if !w.start.IsZero() {
		template.NotBefore = w.start
	}
	if !w.end.IsZero() {
		template.NotAfter = w.end
	}
	key, by := newKey(), trusted
	if w.by != nil {
		by = *w.by
	}
	chain := tls.Certificate{PrivateKey: key}
	if w.self {
		chain.Certificate = [][]byte{sign(template, nil, key, key).Raw}
	} else {
		chain.Certificate = [][]byte{sign(template, by.cert, key, by.key).Raw, by.cert.Raw}
	}
	chain.Leaf, _ = x509.ParseCertificate(chain.Certificate[0])
	return chain
}

// certificateFiles writes a certificate and its key.
func certificateFiles(t *testing.T, c tls.Certificate) (chain, key string) {
	t.Helper()
	folder := t.TempDir()
	var all []byte
	for _, raw := range c.Certificate {
		all = append(all, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})...)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	chain, key = filepath.Join(folder, "chain.pem"), filepath.Join(folder, "key.pem")
	for file, data := range map[string][]byte{chain: all, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return chain, key
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func unixSeconds(at time.Time) string { return fmt.Sprint(at.Unix()) }
