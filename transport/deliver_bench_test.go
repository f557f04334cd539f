package transport_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"testing"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// endless returns n posts in batches and ignores their outcomes.
type endless struct {
	n, given int
	batch    []transport.Post
	settles  int
}

func (q *endless) Next(context.Context) ([]transport.Post, error) {
	q.batch = q.batch[:0]
	for ; q.given < q.n && len(q.batch) < 256; q.given++ {
		params := fmt.Appendf(nil, `{"result_id":"agent-1/%d","check_id":"c","check_type":"agent.cpu","state":"available","status":"success","timestamp":1767225600000,"metrics":[[null,{"a":{"t":"double","v":"0.25","u":"percent"},"b":{"t":"double","v":"12.5","u":"percent"},"c":{"t":"double","v":"99.5","u":"percent"}}]]}`, q.given)
		q.batch = append(q.batch, transport.Post{Key: uint64(q.given), Params: params})
	}
	return q.batch, nil
}

func (q *endless) Settle(context.Context, []transport.Outcome) error { q.settles++; return nil }

func (q *endless) Rewind() {}

// acknowledge serves a minimal endpoint.
func acknowledge(conn net.Conn) {
	r, w := transport.NewReader(conn), transport.NewWriter(conn)
	for {
		f, err := r.ReadFrame()
		if err != nil {
			return
		}
		out := transport.Frame{ID: f.ID, HasID: true, Source: "endpoint", Target: f.Source, Result: []byte("0")}
		if f.Method == transport.MethodHello {
			out.Result = []byte(`{"heartbeat_interval":60000,"features":[{"name":"pipelining"}]}`)
		}
		if err := w.WriteFrame(&out); err != nil {
			return
		}
		if !r.Ready() && w.Flush() != nil {
			return
		}
	}
}

func loopback(b *testing.B, serve func(net.Conn)) net.Conn {
	b.Helper()
	e, err := transporttest.New(transporttest.Script{})
	if err != nil {
		b.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{e.Certificate()}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		if conn, err := l.Accept(); err == nil {
			serve(conn)
			conn.Close()
		}
	}()
	d := transport.Dialer{Endpoints: []string{l.Addr().String()}, TLS: transport.TLSConfig{Pins: []string{e.Pin()}}}
	conn, _, err := d.Dial(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return conn
}

// One operation is one result, delivered and settled.
func BenchmarkDeliver(b *testing.B) {
	conn := loopback(b, acknowledge)
	q := &endless{n: b.N}
	b.ReportAllocs()
	b.ResetTimer()
	n, err := run(b.Context(), conn, transport.SessionOptions{Pipelined: true}, q)
	if n != b.N || err != nil {
		b.Fatal(n, err)
	}
	b.ReportMetric(float64(n)/float64(max(q.settles, 1)), "results/settle")
}

// The same bytes through TLS without frames.
func BenchmarkBareTLS(b *testing.B) {
	done := make(chan bool)
	conn := loopback(b, func(c net.Conn) { io.Copy(io.Discard, c); close(done) })
	q := &endless{n: b.N}
	b.ReportAllocs()
	b.ResetTimer()
	w := transport.NewWriter(conn)
	for {
		batch, _ := q.Next(b.Context())
		if len(batch) == 0 {
			break
		}
		for _, p := range batch {
			f := transport.Frame{ID: transport.ID(p.Key), Source: "agent-1", Target: "endpoint", Method: transport.MethodPost, Params: p.Params}
			if err := w.WriteFrame(&f); err != nil {
				b.Fatal(err)
			}
		}
	}
	w.Flush()
	conn.Close()
	<-done
}
