package run

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pierrec/lz4/v4"

	"virgo/cmd/internal/link"
	"virgo/spool"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// count serves an endpoint that stores nothing and acknowledges everything.
func count(conn net.Conn) {
	r, w := transport.NewReader(conn), transport.NewWriter(conn)
	raw := make([]byte, transport.MaxFrameBytes)
	for {
		f, err := r.ReadFrame()
		if err != nil {
			return
		}
		out := transport.Frame{ID: f.ID, HasID: true, Source: f.Target, Target: f.Source, Result: []byte("0")}
		switch f.Method {
		case transport.MethodHello:
			out.Result = []byte(`{"features":["pipelining","post_multi","post_multi_lz4"]}`)
		case transport.MethodPostMulti:
			_, text, _ := bytes.Cut(f.Params, []byte(`"results_lz4":"`))
			text, _, _ = bytes.Cut(text, []byte(`"`))
			block, _ := base64.StdEncoding.AppendDecode(nil, text)
			n, _ := lz4.UncompressBlock(block, raw)
			results := bytes.Count(raw[:n], []byte(`{"result_id":`))
			out.Result = []byte(`{"results":[` + strings.Repeat("0,", results-1) + `0]}`)
		}
		if w.WriteFrame(&out) != nil || !r.Ready() && w.Flush() != nil {
			return
		}
	}
}

// BenchmarkDrain delivers a backlog from a spool on disk to an endpoint that only counts. One operation is one
// result.
func BenchmarkDrain(b *testing.B) {
	e, err := transporttest.New(transporttest.Script{})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{e.Certificate()}})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			count(conn)
			conn.Close()
		}
	}()
	sp, err := spool.Open(b.TempDir()+"/state", spool.Options{MaxBytes: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	size := 0
	for at := 0; at < b.N; {
		entries := make([]spool.Entry, min(10_000, b.N-at))
		for i := range entries {
			data := fmt.Appendf(nil, `{"check_id":"memory","check_type":"agent.memory","state":"available","status":"success","timestamp":%d,"min_check_period":60000,"metrics":[[null,{`, 1_700_000_000_000+at)
			for j, name := range []string{"total", "used", "free", "actual_used", "actual_free", "swap_total", "swap_used", "swap_free", "ram"} {
				data = fmt.Appendf(data, `%q:{"t":"gauge","v":"%d","u":"bytes"},`, name, 16_000_000_000+at*j)
			}
			data = append(bytes.TrimSuffix(data, []byte(",")), "}]]}"...)
			entries[i] = spool.Entry{Agent: "web-1", Made: time.Now().Add(-time.Hour), Data: data}
			size += len(data)
			at++
		}
		err := sp.Update(b.Context(), func(tx *spool.Tx) error {
			_, err := tx.Append(entries...)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	agent := &Agent{Config: link.Config{
		ID: "web-1", Version: "0", Token: func() (string, error) { return "T", nil },
		TLS: transport.TLSConfig{Pins: []string{e.Pin()}}, Endpoints: []string{"localhost:1"},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
		},
		Spool: sp, Now: time.Now, Notice: b.Logf, Verbose: func(string, ...any) {},
	}}
	b.SetBytes(int64(size / b.N))
	b.ReportAllocs()
	b.ResetTimer()
	d, err := agent.Flush(b.Context())
	if err != nil || d.Err != nil || d.Delivered != b.N {
		b.Fatal(d, err)
	}
}
