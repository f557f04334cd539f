package receipt_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"virgo/transport"
	"virgo/transport/receipt"
)

var issued = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// An authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: issued.AddDate(-5, 0, 0), NotAfter: issued.AddDate(5, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	check(t, err)
	cert, err := x509.ParseCertificate(der)
	check(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	check(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return &authority{cert, key, file}
}

func (a *authority) issue(t *testing.T, key crypto.Signer, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "endpoint"}, DNSNames: []string{"endpoint.example"},
		NotBefore: issued.AddDate(0, -1, 0), NotAfter: issued.AddDate(0, 1, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(tmpl)
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, key.Public(), a.key)
	check(t, err)
	return tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return key
}

func pinOf(t *testing.T, c tls.Certificate) string {
	cert, err := x509.ParseCertificate(c.Certificate[0])
	check(t, err)
	return transport.PinOf(cert).String()
}

func sample() receipt.Receipt {
	return receipt.Receipt{
		Agent: "web-1", Bundle: "00112233445566778899aabbccddeeff",
		Ranges:   []receipt.Range{{Start: 1, From: 5, To: 9}, {Start: 0xabc, From: 1, To: 1}},
		Refused:  []receipt.Refused{{ID: "web-1/0000000000000001-a", Code: 400, Message: "no such check"}},
		Endpoint: "endpoint.example", IssuedMS: issued.UnixMilli(),
	}
}

func TestSignAndOpenWithEveryKindOfKey(t *testing.T) {
	ca := newAuthority(t)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	check(t, err)
	for name, key := range map[string]crypto.Signer{"p256": ecKey(t), "p384": p384, "ed25519": ed, "rsa": rsaKey} {
		cert := ca.issue(t, key, nil)
		doc, err := receipt.Sign(sample(), cert)
		check(t, err)
		if bytes.ContainsAny(doc, "\n\r") {
			t.Errorf("%s: a document has more than one line", name)
		}
		for _, trust := range []receipt.Trust{
			{CAFile: ca.file},
			{CAFile: ca.file, ServerName: "endpoint.example"},
			{Pins: []string{pinOf(t, cert)}},
			{CAFile: ca.file, Pins: []string{"sha256:" + strings.Repeat("00", 32), pinOf(t, cert)}},
		} {
			// A wrong clock of this host does not matter.
			got, err := receipt.Open(doc, trust, time.Unix(0, 0))
			if err != nil {
				t.Errorf("%s, %+v: %v", name, trust, err)
			} else if !reflect.DeepEqual(got, sample()) {
				t.Errorf("%s: got %+v, want %+v", name, got, sample())
			}
		}
	}
}

func TestUntrustedSigners(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	key := ecKey(t)
	good := ca.issue(t, key, nil)
	client := ca.issue(t, key, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	cipher := ca.issue(t, key, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
	expired := ca.issue(t, key, func(c *x509.Certificate) { c.NotAfter = issued.Add(-time.Hour) })
	for name, c := range map[string]struct {
		cert  tls.Certificate
		trust receipt.Trust
		text  string
	}{
		"another authority": {good, receipt.Trust{CAFile: other.file}, "by"},
		"another name":      {good, receipt.Trust{CAFile: ca.file, ServerName: "else.example"}, `not for "else.example"`},
		"another pin":       {good, receipt.Trust{Pins: []string{"sha256:" + strings.Repeat("00", 32)}}, "not pinned"},
		"pin without CA":    {good, receipt.Trust{CAFile: other.file, Pins: []string{pinOf(t, good)}}, "by"},
		"system's roots":    {good, receipt.Trust{ServerName: "endpoint.example"}, ""},
		"no name":           {good, receipt.Trust{}, "no name is expected"},
		"a client":          {client, receipt.Trust{CAFile: ca.file}, ""},
		"no signing key":    {cipher, receipt.Trust{CAFile: ca.file}, "not for signatures"},
		"expired":           {expired, receipt.Trust{CAFile: ca.file}, "signed on 2026-03-01"},
	} {
		doc, err := receipt.Sign(sample(), c.cert)
		check(t, err)
		_, err = receipt.Open(doc, c.trust, issued)
		if !errors.Is(err, receipt.ErrUntrusted) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A receipt that was signed while the certificate was valid is accepted, whatever the time is
	// now.
	r := sample()
	r.IssuedMS = issued.Add(-2 * time.Hour).UnixMilli()
	doc, err := receipt.Sign(r, expired)
	check(t, err)
	if _, err := receipt.Open(doc, receipt.Trust{CAFile: ca.file}, issued.AddDate(20, 0, 0)); err != nil {
		t.Errorf("signed before its certificate expired: %v", err)
	}
}

func TestAlteredDocuments(t *testing.T) {
	ca := newAuthority(t)
	cert := ca.issue(t, ecKey(t), nil)
	doc, err := receipt.Sign(sample(), cert)
	check(t, err)
	trust := receipt.Trust{Pins: []string{pinOf(t, cert)}}
	for i := range doc {
		if _, err := receipt.Open(doc[:i], trust, issued); !errors.Is(err, receipt.ErrNotReceipt) {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
		for bit := range 8 {
			bad := bytes.Clone(doc)
			bad[i] ^= 1 << bit
			// Some changes do not matter (the case of a field's name, the chain): the receipt is
			// then the same.
			if got, err := receipt.Open(bad, trust, issued); err == nil && !reflect.DeepEqual(got, sample()) {
				t.Fatalf("byte %d, bit %d: believed: %+v", i, bit, got)
			}
		}
	}
}

func TestSignatureOfAnotherKey(t *testing.T) {
	ca := newAuthority(t)
	honest, forger := ca.issue(t, ecKey(t), nil), ca.issue(t, ecKey(t), nil)
	forger.Certificate = honest.Certificate
	doc, err := receipt.Sign(sample(), forger)
	check(t, err)
	if _, err := receipt.Open(doc, receipt.Trust{CAFile: ca.file}, issued); !errors.Is(err, receipt.ErrChanged) {
		t.Fatal(err)
	}
}

func TestNewerForm(t *testing.T) {
	for _, doc := range []string{`{"virgo_receipt":2,"payload":"x"}`, `{"virgo_receipt":7,"payload":{"other":"form"}}`} {
		_, err := receipt.Open([]byte(doc), receipt.Trust{}, issued)
		if !errors.Is(err, receipt.ErrNewer) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func TestInvalidReceipts(t *testing.T) {
	cert := newAuthority(t).issue(t, ecKey(t), nil)
	for name, change := range map[string]func(*receipt.Receipt){
		"no agent":       func(r *receipt.Receipt) { r.Agent = "" },
		"long agent":     func(r *receipt.Receipt) { r.Agent = strings.Repeat("a", 2000) },
		"odd bundle":     func(r *receipt.Receipt) { r.Bundle = "xyz" },
		"no time":        func(r *receipt.Receipt) { r.IssuedMS = 0 },
		"far time":       func(r *receipt.Receipt) { r.IssuedMS = 1 << 60 },
		"foreign":        func(r *receipt.Receipt) { r.Refused[0].ID = "web-2/0000000000000001-a" },
		"many refused":   func(r *receipt.Receipt) { r.Refused = make([]receipt.Refused, receipt.MaxRefused+1) },
		"backward range": func(r *receipt.Receipt) { r.Ranges[0] = receipt.Range{Start: 1, From: 9, To: 5} },
		"many ranges": func(r *receipt.Receipt) {
			r.Ranges = nil
			for i := range uint64(receipt.MaxRanges + 1) {
				r.Ranges = append(r.Ranges, receipt.Range{Start: i, From: 1, To: 1})
			}
		},
	} {
		r := sample()
		change(&r)
		if doc, err := receipt.Sign(r, cert); err == nil {
			t.Errorf("%s: signed: %.200s", name, doc)
		}
	}
	r := sample()
	r.Refused[0].Message = strings.Repeat("ä", receipt.MaxMessageBytes)
	doc, err := receipt.Sign(r, cert)
	check(t, err)
	got, err := receipt.Open(doc, receipt.Trust{Pins: []string{pinOf(t, cert)}}, issued)
	check(t, err)
	if n := len(got.Refused[0].Message); n > receipt.MaxMessageBytes || n < receipt.MaxMessageBytes-4 {
		t.Errorf("a long message has %d bytes", n)
	}
}

func TestLargestReceiptFitsAFrame(t *testing.T) {
	cert := newAuthority(t).issue(t, ecKey(t), nil)
	r := sample()
	r.Ranges, r.Refused = nil, nil
	for i := range uint64(receipt.MaxRanges) {
		r.Ranges = append(r.Ranges, receipt.Range{Start: 1<<64 - 1 - i, From: 1 << 63, To: 1<<64 - 1})
	}
	for range receipt.MaxRefused {
		r.Refused = append(r.Refused, receipt.Refused{ID: receipt.ID(r.Agent, 1<<64-1, 1<<64-1), Code: -1 << 31, Message: strings.Repeat("m", receipt.MaxMessageBytes)})
	}
	doc, err := receipt.Sign(r, cert)
	check(t, err)
	if _, err := receipt.Open(doc, receipt.Trust{Pins: []string{pinOf(t, cert)}}, issued); err != nil {
		t.Fatal(err)
	}
}

// A receipt of the first version of the format stays readable.
func TestStoredReceipts(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("testdata", "receipt.json"))
	check(t, err)
	got, err := receipt.Open(doc, receipt.Trust{CAFile: filepath.Join("testdata", "ca.pem"), ServerName: "endpoint.example"}, issued)
	check(t, err)
	if !reflect.DeepEqual(got, sample()) {
		t.Errorf("got %+v", got)
	}
	var outer map[string]json.RawMessage
	check(t, json.Unmarshal(doc, &outer))
	for _, field := range []string{"virgo_receipt", "payload", "algorithm", "signature", "certificates"} {
		if outer[field] == nil {
			t.Errorf("field %q is missing", field)
		}
	}
}
