package hostkey

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"virgo/cmd/internal/link"
)

func TestOwn(t *testing.T) {
	dir := t.TempDir()
	keys := make([]string, 8)
	var all sync.WaitGroup
	for i := range keys { // at once: one of them makes it
		all.Add(1)
		go func() {
			defer all.Done()
			key, err := Own(dir)
			if err != nil {
				t.Error(err)
			}
			keys[i] = string(key)
		}()
	}
	all.Wait()
	for _, k := range keys {
		if k != keys[0] || k == "" {
			t.Fatal("two keys were made")
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
	path := filepath.Join(dir, KeyFile)
	var owners *link.ConfigError
	if runtime.GOOS != "windows" {
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if _, err := Own(dir); !errors.As(err, &owners) {
			t.Errorf("a key that others can read: %v", err)
		}
	}
	for _, text := range []string{"", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		os.Remove(path)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Own(dir); !errors.As(err, &owners) {
			t.Errorf("%q: %v", text, err)
		}
		if left, _ := os.ReadFile(path); string(left) != text {
			t.Errorf("%q was written over", text)
		}
	}
}

// The file that an earlier version's export made has the private key alone; both forms are read by
// crypto/x509, and so by that version.
func TestKeyOfAnEarlierVersion(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	earlier := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for name, text := range map[string][]byte{"an earlier version": earlier, "this one": encodeKey(key)} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, KeyFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Own(dir); err != nil || !got.Equal(key) {
			t.Errorf("%s: %v, %v", name, got.Equal(key), err)
		}
		block, _ := pem.Decode(text)
		if parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes); err != nil || !key.Equal(parsed.(ed25519.PrivateKey)) {
			t.Errorf("%s: x509 says %v", name, err)
		}
	}
	_, rest := pem.Decode(encodeKey(key))
	block, _ := pem.Decode(rest)
	if public, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil || !key.Public().(ed25519.PublicKey).Equal(public) {
		t.Errorf("the public key: %v, %v", public, err)
	}
}

// A file whose parts do not belong together: commands say so.
func TestOwnChecked(t *testing.T) {
	dir := t.TempDir()
	key, err := OwnChecked(dir)
	if err != nil {
		t.Fatal(err)
	}
	key[ed25519.PrivateKeySize-1] ^= 1
	if err := os.WriteFile(filepath.Join(dir, KeyFile), encodeKey(key), 0o600); err != nil {
		t.Fatal(err)
	}
	var owners *link.ConfigError
	if _, err := OwnChecked(dir); !errors.As(err, &owners) {
		t.Errorf("%v", err)
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(encodeKey(make(ed25519.PrivateKey, ed25519.PrivateKeySize)))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if key := parseKey(text); key != nil && len(key) != ed25519.PrivateKeySize {
			t.Errorf("a key of %d bytes", len(key))
		}
	})
}
