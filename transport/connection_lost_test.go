package transport_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// counting counts the bytes that pass its end.
type counting struct {
	net.Conn
	in, out int
	last    []byte // what the last write began with
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.in += n
	return n, err
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.out += n
	c.last = append(c.last[:0], b[:min(len(b), 24)]...)
	return n, err
}

// secured dials an endpoint over a link with TLS.
func secured(ctx context.Context, e *transporttest.Endpoint, latency time.Duration, wrap func(net.Conn) net.Conn) (net.Conn, error) {
	d := transport.Dialer{
		Endpoints: []string{"localhost:1"},
		TLS:       transport.TLSConfig{Pins: []string{e.Pin()}},
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(2 * latency) // SYN, SYN and ACK
			client, server := transporttest.Link(latency, 0)
			go e.ServeTLS(server)
			if wrap != nil {
				client = wrap(client)
			}
			return client, nil
		},
	}
	conn, _, err := d.Dial(ctx)
	return conn, err
}

// The connection is lost after every byte, in both directions, and the next session delivers what
// is left. What was settled is at the endpoint each time, and in the end everything is stored once.
func TestConnectionLostAtEveryByte(t *testing.T) {
	features := map[string][]string{
		"pipelined":     pipelined,
		"one at a time": {transport.FeatureResultID},
	}
	type dial func(ctx context.Context, e *transporttest.Endpoint, wrap func(net.Conn) net.Conn) (net.Conn, error)
	plain := func(_ context.Context, e *transporttest.Endpoint, wrap func(net.Conn) net.Conn) (net.Conn, error) {
		return wrap(connect(e, 0, 0)), nil
	}
	overTLS := func(ctx context.Context, e *transporttest.Endpoint, wrap func(net.Conn) net.Conn) (net.Conn, error) {
		return secured(ctx, e, 0, wrap)
	}
	for _, c := range []struct {
		name string
		dial dial
		step int // TLS costs a handshake each time
	}{{"plain", plain, 1}, {"TLS", overTLS, 61}} {
		for name, features := range features {
			t.Run(c.name+", "+name, func(t *testing.T) {
				opt := transport.SessionOptions{Pipelined: name == "pipelined"}
				session := func(t *testing.T, e *transporttest.Endpoint, l *ledger, wrap func(net.Conn) net.Conn) (int, error) {
					conn, err := c.dial(t.Context(), e, wrap)
					if err != nil {
						if !errors.Is(err, transport.ErrUnreachable) {
							t.Errorf("dial: %v", err)
						}
						return 0, err
					}
					return run(t.Context(), conn, opt, l)
				}
				whole := &counting{}
				synctest.Test(t, func(t *testing.T) {
					e := newEndpoint(t, transporttest.Script{Features: features})
					_, err := session(t, e, newLedger(t, 2), func(c net.Conn) net.Conn { whole.Conn = c; return whole })
					if err != nil {
						t.Fatal(err)
					}
				})
				cuts := 0
				for _, in := range []bool{true, false} {
					total := whole.out
					if !in {
						total = whole.in
					}
					for at := 1; at <= total; at += c.step {
						cuts++
						synctest.Test(t, func(t *testing.T) {
							script := transporttest.Script{Features: features}
							if in {
								script.CloseAfterIn = at
							} else {
								script.CloseAfterOut = at
							}
							e := newEndpoint(t, script)
							l := newLedger(t, 2)
							n, err := session(t, e, l, func(c net.Conn) net.Conn { return c })
							if err != nil && !errors.Is(err, transport.ErrConnectionLost) && !errors.Is(err, transport.ErrUnreachable) {
								t.Errorf("cut at %d (in %v): %v", at, in, err)
							}
							if n != len(l.settled) || n > len(e.Stored()) {
								t.Errorf("cut at %d (in %v): %d delivered, %d settled, %d stored", at, in, n, len(l.settled), len(e.Stored()))
							}
							e.Set(transporttest.Script{Features: features})
							l.Rewind()
							if _, err := session(t, e, l, func(c net.Conn) net.Conn { return c }); err != nil {
								t.Errorf("cut at %d (in %v): then %v", at, in, err)
							}
							wantStored(t, e, 2)
							if len(l.settled) != 2 {
								t.Errorf("cut at %d (in %v): settled %v", at, in, l.order)
							}
						})
					}
				}
				t.Logf("%d cuts", cuts)
			})
		}
	}
}

// A small session takes three round trips: TCP, TLS, and all frames.
func TestThreeRoundTrips(t *testing.T) {
	const trip = 2 * time.Second
	for _, c := range []struct {
		name  string
		known bool
		posts int
		fill  int
		trips int
	}{
		{"64 KiB of results", true, 64, 920, 3},
		{"nothing but the heartbeat", true, 0, 0, 3},
		{"an endpoint not met before", false, 64, 920, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, transporttest.Script{
					Features: pipelined, Requests: []transporttest.Request{{Method: "check_schedule.changed"}},
				})
				l := newLedger(t, 0)
				size := 0
				for i := range c.posts {
					l.posts = append(l.posts, post(i, c.fill))
					size += len(l.posts[i].Params)
				}
				if c.posts > 0 && size < 64<<10 {
					t.Fatalf("only %d bytes", size)
				}
				changed := 0
				start := time.Now()
				wire := &counting{}
				conn, err := secured(t.Context(), e, trip/2, func(c net.Conn) net.Conn { wire.Conn = c; return wire })
				if err != nil {
					t.Fatal(err)
				}
				opt := transport.SessionOptions{Pipelined: c.known, Handler: changes(&changed)}
				n, err := run(t.Context(), conn, opt, l)
				if n != c.posts || err != nil || changed != 1 {
					t.Fatal(n, changed, err)
				}
				if took := time.Since(start); took != time.Duration(c.trips)*trip {
					t.Errorf("%v is not %d round trips", took, c.trips)
				}
				time.Sleep(trip)
				synctest.Wait()
				wantStored(t, e, c.posts)
				if len(e.Faults()) > 0 || len(e.Answers()) != 1 {
					t.Errorf("faults %v, answers %v", e.Faults(), e.Answers())
				}
				// The last record is close_notify: 2 bytes, their type and a tag of 16 bytes,
				// encrypted.
				if !bytes.Equal(wire.last[:5], []byte{23, 3, 3, 0, 19}) {
					t.Errorf("the last record is %x", wire.last)
				}
			})
		})
	}
}
