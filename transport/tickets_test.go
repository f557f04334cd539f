package transport_test

import (
	"crypto/tls"
	"sync/atomic"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// The agent asks for no session ticket, and each of its handshakes is a full one.
func TestSessionsAreNotResumed(t *testing.T) {
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		e := newEndpoint(t, transporttest.Script{Features: pipelined})
		var tickets atomic.Int32
		conf := &tls.Config{MaxVersion: version}
		conf.WrapSession = func(conn tls.ConnectionState, session *tls.SessionState) ([]byte, error) {
			tickets.Add(1)
			return conf.EncryptTicket(conn, session)
		}
		d := transport.Dialer{
			Endpoints: []string{serveTLS(t, e, conf)}, TLS: transport.TLSConfig{Pins: []string{e.Pin()}},
		}
		for range 2 {
			conn, _, err := d.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if conn.(*tls.Conn).ConnectionState().DidResume {
				t.Errorf("TLS %s: resumed", name)
			}
			n, err := run(t.Context(), conn, transport.SessionOptions{Pipelined: true}, newLedger(t, 1))
			if n != 1 || err != nil {
				t.Errorf("TLS %s: %d delivered, %v", name, n, err)
			}
		}
		if n := tickets.Load(); n > 0 {
			t.Errorf("TLS %s: the endpoint made %d tickets", name, n)
		}
	}
}
