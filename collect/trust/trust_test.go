package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/schedule"
)

// pair writes a certificate, its key, and both in one file.
func pair(t *testing.T) (cert, key, both string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certText := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	keyText := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	dir := t.TempDir()
	return file(t, dir, "cert", certText), file(t, dir, "key", keyText), file(t, dir, "both", append(certText, keyText...))
}

func file(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	cert, key, both := pair(t)
	_, other, _ := pair(t)
	c, err := Read(nil, "host", nil)
	if err != nil || c.ServerName != "host" || c.RootCAs != nil || c.Certificates != nil || c.InsecureSkipVerify {
		t.Errorf("%+v, %v", c, err)
	}
	for _, file := range []string{cert, key, both} { // as an editor on Windows saves them
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append([]byte("\ufeff"), text...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []schedule.Details{
		{"ca_file": cert, "cert_file": cert, "key_file": key, "server_name": "name"},
		{"ca_file": both, "cert_file": both, "server_name": "name"},
	} {
		if c, err := Read(d, "host", nil); err != nil || c.ServerName != "name" || c.RootCAs == nil || len(c.Certificates) != 1 {
			t.Errorf("%v: %+v, %v", d, c, err)
		}
	}
	for want, d := range map[string]schedule.Details{
		"reading ca_file: no certificate in " + key:                   {"ca_file": key},
		"reading cert_file: tls: private key does not match":          {"cert_file": cert, "key_file": other},
		"reading cert_file: tls: failed to find any PEM data in key":  {"cert_file": cert, "key_file": file(t, t.TempDir(), "none", nil)},
		"reading cert_file: tls: found a certificate rather than a k": {"cert_file": cert},
		`detail "server_name" is "a list or an object", not a text`:   {"server_name": []any{}},
		`detail "ca_file" is "a list or an object", not a text`:       {"ca_file": map[string]any{}},
	} {
		if _, err := Read(d, "host", nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v: %v, want %q", d, err, want)
		}
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	long := file(t, dir, "long", make([]byte, maxFileBytes+1))
	for path, want := range map[string]string{
		dir:                        "not a regular file",
		long:                       "longer than 1048576 bytes",
		filepath.Join(dir, "none"): "none",
		os.DevNull:                 "not a regular file",
	} {
		for _, key := range []string{"ca_file", "cert_file"} {
			_, err := Read(schedule.Details{key: path}, "host", nil)
			if err == nil || !strings.HasPrefix(err.Error(), "reading "+key+": ") || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if data, err := ReadFile(file(t, dir, "longest", make([]byte, maxFileBytes)), nil); err != nil || len(data) != maxFileBytes {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}
