package transport_test

import (
	"crypto/tls"
	"errors"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// OpenSSL sends two tickets in TLS 1.3 although the agent asks for none. They are ignored.
func TestTicketsOfOpenSSLAreIgnored(t *testing.T) {
	openssl := program(t, "openssl", "openssl")
	e := newEndpoint(t, transporttest.Script{})
	certFile, keyFile := pemFiles(t, e.Certificate())
	for _, version := range []string{"1_2", "1_3"} {
		address := freePort(t)
		start(t, address, openssl, "s_server", "-accept", address, "-cert", certFile, "-key", keyFile,
			"-tls"+version, "-quiet", "-rev")
		d := transport.Dialer{
			Endpoints: []string{address}, TLS: transport.TLSConfig{CAFile: caFile(t, e.Authority)},
		}
		for range 2 {
			conn, _, err := d.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if conn.(*tls.Conn).ConnectionState().DidResume {
				t.Errorf("%s: resumed", version)
			}
			// -rev sends back what it reads, reversed, which is a protocol error; the tickets came
			// before.
			_, err = run(t.Context(), conn, transport.SessionOptions{Pipelined: true}, newLedger(t, 1))
			if !errors.Is(err, transport.ErrProtocol) {
				t.Errorf("%s: %v", version, err)
			}
		}
	}
}
