package transport_test

import (
	"crypto/x509"
	"errors"
	"path/filepath"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// The same as OpenSSL says it, which is what stands in front of many endpoints.
func TestMutualTLSWithOpenSSL(t *testing.T) {
	openssl := program(t, "openssl", "openssl")
	e := newEndpoint(t, transporttest.Script{})
	authority, stranger := newClientAuthority(t), newClientAuthority(t)
	certFile, keyFile := pemFiles(t, e.Certificate())
	ca := filepath.Join(t.TempDir(), "clients.pem")
	writePEM(t, ca, "CERTIFICATE", authority.cert.Raw)
	for _, version := range []string{"1_2", "1_3"} {
		t.Run(version, func(t *testing.T) {
			address := freePort(t)
			start(t, address, openssl, "s_server", "-accept", address, "-cert", certFile, "-key", keyFile, "-tls"+version,
				"-CAfile", ca, "-Verify", "1", "-verify_return_error", "-quiet", "-rev")
			with := func(cert, key string) error {
				return session(t, address, transport.TLSConfig{Pins: []string{e.Pin()}, ClientCert: cert, ClientKey: key})
			}
			host := "127.0.0.1"
			if version == "1_3" {
				host = "the endpoint"
			}
			wantTLS(t, "none", with("", ""), host+" wants a client certificate, and none is configured", hintNone)
			wantTLS(t, "unknown", with(stranger.issue(t, nil)), host+" does not know the authority of this host's client certificate", hintUnknown)
			wantTLS(t, "expired", with(authority.issue(t, func(c *x509.Certificate) { c.NotAfter = always.AddDate(1, 0, 0) })),
				host+" says that this host's client certificate has expired, or is not valid yet", hintExpired)
			wantTLS(t, "not for clients", with(authority.issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })),
				host+" refused this host's client certificate: unsupported certificate", hintBad)
			if err := with(authority.issue(t, nil)); !errors.Is(err, transport.ErrProtocol) { // it gives back what it reads, reversed
				t.Errorf("a good one: %v", err)
			}
		})
	}
}
