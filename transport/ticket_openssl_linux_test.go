package transport_test

import (
	"errors"
	"net"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// OpenSSL's tickets, two at a time in 1.3, resume as well.
func TestASessionWithOpenSSLIsResumed(t *testing.T) {
	openssl := program(t, "openssl", "openssl")
	e := newEndpoint(t, transporttest.Script{})
	certFile, keyFile := pemFiles(t, e.Certificate())
	for _, version := range []string{"1_2", "1_3"} {
		address := freePort(t)
		start(t, address, openssl, "s_server", "-accept", address, "-cert", certFile, "-key", keyFile, "-tls"+version, "-quiet", "-rev")
		store := newDrawer(t)
		d := transport.Dialer{Endpoints: []string{address}, Tickets: store, TLS: transport.TLSConfig{CAFile: caFile(t, e.Authority), TicketSecret: token}}
		for run := range 3 {
			conn, _, err := d.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if transport.Resumed(conn) != (run > 0) {
				t.Errorf("%s, run %d: resumed %v", version, run, run == 0)
			}
			// It gives back what it reads, reversed, which is no protocol; the tickets came before.
			if _, err := sendOne(t, conn); !errors.Is(err, transport.ErrProtocol) {
				t.Error(err)
			}
		}
	}
}

func sendOne(t *testing.T, conn net.Conn) (int, error) {
	return run(t.Context(), conn, transport.SessionOptions{Pipelined: true}, newLedger(t, 1))
}
