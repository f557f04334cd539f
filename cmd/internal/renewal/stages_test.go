package renewal

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"virgo/transport"
)

// A meteredDial counts what each connection reads, and cuts one of them.
type meteredDial struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	mu   sync.Mutex
	read []int // by connection
	// The connection with number cut ends after so many bytes; -1: none.
	cut, after int
}

func (m *meteredDial) dialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := m.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.read = append(m.read, 0)
	c := &meteredConn{Conn: conn, m: m, n: len(m.read) - 1, left: -1}
	if c.n == m.cut {
		c.left = m.after
	}
	return c, nil
}

type meteredConn struct {
	net.Conn
	m    *meteredDial
	n    int
	left int // -1: without end
}

func (c *meteredConn) Read(p []byte) (int, error) {
	if c.left == 0 {
		c.Conn.Close()
		return 0, io.EOF
	}
	if c.left > 0 {
		p = p[:min(len(p), c.left)]
	}
	n, err := c.Conn.Read(p)
	if c.left > 0 {
		c.left -= n
	}
	c.m.mu.Lock()
	c.m.read[c.n] += n
	c.m.mu.Unlock()
	return n, err
}

// Wherever a connection is cut, in TLS, hello, the answer, the signature or the file, the current bundle stays, and the
// next run brings the new one.
func TestCutAtEachStage(t *testing.T) {
	t.Parallel()
	one, two := build(t, "standard", "1.0.0", "", 0), build(t, "standard", "2.0.0", "", 50<<10)
	prepare := func(cut, after int) (*site, *meteredDial) {
		s := newSite(t)
		s.publish("1.0.0", one, s.signer)
		if _, err := s.run(); err != nil {
			t.Fatal(err)
		}
		s.publish("2.0.0", two, s.signer)
		m := &meteredDial{dial: s.endpoint.dialContext, cut: cut, after: after}
		s.Link.DialContext = m.dialContext
		return s, m
	}
	s, whole := prepare(-1, 0)
	if _, err := s.run(); err != nil || s.current() != "2.0.0" || len(whole.read) != 3 {
		t.Fatalf("%v, current %q, %d connections", err, s.current(), len(whole.read))
	}
	for conn, bytes := range whole.read {
		for part := range 6 {
			after := bytes * part / 6
			s, m := prepare(conn, after)
			out, err := s.run()
			if err == nil || s.current() != "1.0.0" {
				t.Errorf("connection %d cut after %d of %d bytes: %+v, %v, current %q", conn, after, bytes, out, err, s.current())
			}
			r := s.summary().Renewal
			if r.Failures != 1 || r.UntilMS != s.now.Add(transport.RenewalBackoff).UnixMilli() || r.Due(s.now, 0, "web-1") != "" {
				t.Errorf("connection %d cut after %d of %d bytes: no pause: %+v", conn, after, bytes, r)
			}
			if conn > 0 && r.Due(s.now.Add(transport.RenewalBackoff), 0, "web-1") == "" {
				t.Errorf("connection %d cut after %d of %d bytes: not tried again: %+v", conn, after, bytes, r)
			}
			m.cut = -1
			if _, err := s.run(); err != nil || s.current() != "2.0.0" {
				t.Errorf("connection %d cut after %d of %d bytes, then: %v, current %q", conn, after, bytes, err, s.current())
			}
		}
	}
}

// The files come over the same proxy and with the same pin as the session.
func TestSameTrustAsTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.publish("1.0.0", build(t, "standard", "1.0.0", "", 0), s.signer)
	var proxied int
	s.Link.Proxy = func(address string) (string, error) {
		proxied++
		return "", nil
	}
	if _, err := s.run(); err != nil || proxied != 3 {
		t.Errorf("%v; the proxy was asked for %d times, want 3", err, proxied)
	}
	s.publish("2.0.0", build(t, "standard", "2.0.0", "", 0), s.signer)
	// Another endpoint answers the second connection: the pin does not fit.
	other := newFakeEndpoint(t)
	s.endpoint.mu.Lock()
	other.files, other.offer = s.endpoint.files, s.endpoint.offer
	s.endpoint.mu.Unlock()
	dials := 0
	s.Link.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials++; dials > 1 {
			return other.dialContext(ctx, network, address)
		}
		return s.endpoint.dialContext(ctx, network, address)
	}
	if _, err := s.run(); err == nil || !strings.Contains(err.Error(), "which is not pinned") || s.current() != "1.0.0" {
		t.Errorf("%v, current %q", err, s.current())
	}
	if asked := other.asked(); len(asked) != 0 {
		t.Errorf("the other endpoint was asked for %q", asked)
	}
}
