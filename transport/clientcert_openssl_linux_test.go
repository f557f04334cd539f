package transport_test

import (
	"errors"
	"path/filepath"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// The same with OpenSSL, which terminates TLS for many endpoints.
func TestMutualTLSWithOpenSSL(t *testing.T) {
	openssl := program(t, "openssl", "openssl")
	e := newEndpoint(t, transporttest.Script{})
	authority := newClientAuthority(t)
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
			wantRefusedClients(t, with, authority, host, "unsupported certificate")
			if err := with(authority.issue(t, nil)); !errors.Is(err, transport.ErrProtocol) { // -rev sends back what it reads, reversed
				t.Errorf("a good one: %v", err)
			}
		})
	}
}
