package signature

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"
)

const testKey = "RWTBjIbHUbLWsjEKv5Qw9bNadBS6nTkR9MuKnZA+BbMP0HW22jNgictz"

func TestParseKey(t *testing.T) {
	rsaText := key(t, "rsa.pub", "").Text()
	for text, want := range map[string]string{
		testKey: testKey,
		" " + testKey + "  until   2027-06-30 \n":       testKey + " until 2027-06-30",
		testKey + " revoked":                            testKey + " revoked",
		testKey + " revoked until 2027-06-30":           testKey + " until 2027-06-30 revoked",
		string(read(t, "minisign.pub")):                 testKey,
		string(read(t, "minisign.pub")) + " revoked":    testKey + " revoked",
		"# ours\n\n" + testKey + "\n":                   testKey,
		string(read(t, "rsa.pub")):                      rsaText,
		string(read(t, "rsa.pub")) + "until 2027-01-02": rsaText + " until 2027-01-02",
		rsaText + " revoked":                            rsaText + " revoked",
	} {
		k, err := ParseKey(text)
		if err != nil || k.String() != want {
			t.Errorf("%.60q: %.80q, %v", text, k, err)
		}
		if again, err := ParseKey(k.String()); err != nil || again.String() != want || !again.Equal(k) {
			t.Errorf("%.60q does not survive: %v", text, err)
		}
	}
}

func TestParseKeyRefuses(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki := func(public any) string {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	for text, want := range map[string]string{
		"":                                 "no key",
		"# nothing":                        "no key",
		"until 2027-06-30":                 "is no key",
		testKey[:40]:                       "is no key of minisign",
		testKey + " until":                 `"until" after it`,
		testKey + " until tomorrow":        `"tomorrow" is no date`,
		testKey + " until 2027-02-30":      "is no date",
		testKey + " revoked revoked":       "each once",
		testKey + " expires":               `"expires" after it`,
		testKey + testKey:                  "is no key",
		string(read(t, "minisign.key")):    "is no key",
		"-----BEGIN PUBLIC KEY-----":       "damaged",
		spki(&small.PublicKey):             "1024 bits",
		spki(&curve.PublicKey):             "one of RSA",
		"MIIBIjANBgkq":                     "no public key",
		"MII!":                             "base64",
		strings.Repeat("A", MaxKeyBytes+1): "at most 8192",
		string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte("x")})): "is no public key",
	} {
		k, err := ParseKey(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %q, %v, want %q", text, k, err, want)
		}
		if err != nil && strings.Contains(err.Error(), string(read(t, "minisign.key"))[60:100]) {
			t.Errorf("%.60q: the error has the secret key", text)
		}
	}
}

func TestParseSigner(t *testing.T) {
	files := map[string]string{
		"/etc/virgo/acme.pub": string(read(t, "minisign.pub")),
		"acme.pem":            string(read(t, "rsa.pub")),
		`C:\keys\acme.pub`:    testKey,
		"/bad":                "hello",
	}
	file := func(path string) ([]byte, error) {
		text, ok := files[path]
		if !ok {
			return nil, errors.New("no such file")
		}
		return []byte(text), nil
	}
	rsaText := key(t, "rsa.pub", "").Text()
	for text, want := range map[string]string{
		testKey + " until 2027-06-30":          testKey + " until 2027-06-30",
		"/etc/virgo/acme.pub":                  testKey,
		"/etc/virgo/acme.pub until 2027-06-30": testKey + " until 2027-06-30",
		"/etc/virgo/acme.pub revoked":          testKey + " revoked",
		"acme.pem revoked until 2027-06-30":    rsaText + " until 2027-06-30 revoked",
		`C:\keys\acme.pub`:                     testKey,
		string(read(t, "rsa.pub")):             rsaText,
		rsaText:                                rsaText,
		"/etc/none.pub":                        "",
		"/bad":                                 "",
		"hello":                                "",
		"":                                     "",
	} {
		k, err := ParseSigner(text, file)
		if k.String() != want || (err == nil) != (want != "") {
			t.Errorf("%q: %.80q, %v", text, k, err)
		}
	}
}

func TestExpired(t *testing.T) {
	k := key(t, "minisign.pub", "until 2027-06-30")
	for at, want := range map[string]bool{"2027-06-29T23:59:59Z": false, "2027-06-30T00:00:00Z": true} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil || k.Expired(now) != want {
			t.Errorf("%s: %v, %v", at, k.Expired(now), err)
		}
	}
	if key(t, "minisign.pub", "").Expired(time.Now().AddDate(1000, 0, 0)) {
		t.Error("a key without a date expires")
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(testKey + " until 2027-06-30 revoked")
	f.Add(string(read(f, "minisign.pub")))
	f.Add(string(read(f, "rsa.pub")) + " revoked")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseKey(text)
		if err != nil {
			return
		}
		if again, err := ParseKey(k.String()); err != nil || again.String() != k.String() || !again.Equal(k) {
			t.Errorf("%q is read as %q, %v", text, k, err)
		}
	})
}
