package airgap

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"virgo/cmd/internal/link"
	"virgo/transport"
	"virgo/transport/agentkey"
	"virgo/transport/transporttest"
)

// A courier's own key and token do not let it speak for a host that the endpoint knows by its key.
func TestHostCannotDeliverForAHostWithAKey(t *testing.T) {
	b := newBench(t, transporttest.Script{Keys: true, LegacyToken: true, KnownKeys: map[string]string{"far": "another"}})
	b.Key = func() (ed25519.PrivateKey, error) { return testKey, nil }
	done, err := Deliver(t.Context(), &b.Config, sealedBundle(t, resultData(2)...))
	if transport.KeyRefusal(err) != transport.TypeKeyRequired || done.Delivered > 0 || len(b.endpoint.Stored()) > 0 {
		t.Errorf("%+v, %v", done, err)
	}
	var hinted interface{ Hint() string }
	if !errors.As(err, &hinted) || !strings.Contains(hinted.Hint(), "virgo-endpoint import") {
		t.Errorf("no next step: %v", err)
	}
}

// A courier that enrolled has no token any more, and to an endpoint that takes no bundles it cannot deliver
// without one.
func TestDeliverNeedsAToken(t *testing.T) {
	b := newBench(t, transporttest.Script{Keys: true, LegacyToken: true, KnownKeys: map[string]string{
		"web-1": agentkey.Encode(testKey.Public().(ed25519.PublicKey)),
	}})
	b.Key = func() (ed25519.PrivateKey, error) { return testKey, nil }
	b.Token = func() (string, error) { return "", nil }
	var owners *link.ConfigError
	if _, err := Deliver(t.Context(), &b.Config, sealedBundle(t, resultData(1)...)); !errors.As(err, &owners) {
		t.Errorf("%v", err)
	}
	if n := b.endpoint.Sessions(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
