package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"log/slog"
	"strings"
	"testing"
)

// An RSA key is warned of with its size, what it costs and the next step; others are not.
func TestWarnOfKey(t *testing.T) {
	small, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		key  crypto.PrivateKey
		want string
	}{{small, ""}, {edwards, ""}, {large, "level=WARN bits=2048 ms_of_each_handshake=N ms_with_ecdsa_p256=N EC P-256 pin"}} {
		var out bytes.Buffer
		warnOfKey(&tls.Certificate{PrivateKey: tc.key}, slog.New(slog.NewTextHandler(&out, nil)))
		for _, word := range strings.Fields(tc.want) {
			if !strings.Contains(out.String(), strings.TrimSuffix(word, "N")) {
				t.Errorf("%T: %q is missing in %s", tc.key, word, &out)
			}
		}
		if tc.want == "" && out.Len() > 0 {
			t.Errorf("%T: %s", tc.key, &out)
		}
	}
}
