package folder

import (
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMakeClient(t *testing.T) {
	dir := newDir(t)
	now := time.Now()
	c, err := MakeClient(dir, "web1", now)
	if err != nil || !c.Made {
		t.Fatalf("%+v, %v", c, err)
	}
	if err := checkPrivate(c.Key); err != nil {
		t.Error(err)
	}
	before, err := os.ReadFile(c.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := MakeClient(dir, "web1", now.Add(time.Hour)); err != nil || c.Made {
		t.Errorf("again: %+v, %v", c, err)
	}
	if after, err := os.ReadFile(c.Cert); err != nil || string(after) != string(before) {
		t.Errorf("the certificate was changed: %v", err)
	}
	// Interrupted between key and certificate.
	if err := os.Remove(c.Cert); err != nil {
		t.Fatal(err)
	}
	if c, err := MakeClient(dir, "web1", now); err != nil || !c.Made {
		t.Errorf("after an interruption: %+v, %v", c, err)
	}
	if _, err := tls.LoadX509KeyPair(c.Cert, c.Key); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", ".", "..", "a/b", `a\b`, ".hidden", "a b", strings.Repeat("x", 65), "ä"} {
		if _, err := MakeClient(dir, name, now); !errors.Is(err, ErrBadClientName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := os.Remove(dir.caKey()); err != nil {
		t.Fatal(err)
	}
	if _, err := MakeClient(dir, "web2", now); !errors.Is(err, ErrNoCAKey) {
		t.Errorf("without the authority's key: %v", err)
	}
}

func TestRequireClientsWithoutCertificates(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := RequireClients(&tls.Config{}, empty); !errors.Is(err, errNoCertificates) {
		t.Errorf("got %v", err)
	}
}
