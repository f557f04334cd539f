package transport_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// An endpoint that takes longer to answer than its heartbeat interval still gets every result, and
// heartbeats in between.
func TestSlowEndpointGetsResults(t *testing.T) {
	for _, delay := range []time.Duration{time.Second, 3 * time.Second, 10 * time.Second} {
		for _, features := range [][]string{nil, pipelined} {
			t.Run(fmt.Sprintf("%v, features %v", delay, features), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const posts = 10
					e := newEndpoint(t, transporttest.Script{Features: features, HeartbeatInterval: 1000, Delay: delay})
					l := newLedger(t, posts)
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					defer cancel()
					n, err := run(ctx, connect(e, 0, 0), transport.SessionOptions{}, l)
					if n != posts || err != nil {
						t.Errorf("%d delivered, %v", n, err)
					}
					methods := e.Methods()
					for i, m := range methods[:len(methods)-1] { // the last one closes the session
						if i > 0 && m == transport.MethodHeartbeat && m == methods[i-1] {
							t.Errorf("two heartbeats without a post between them: %v", methods)
						}
					}
				})
			})
		}
	}
}

// Any endpoint that answers posts makes progress in a session, whatever else it sends.
func TestResponsesToNobodyAreSkipped(t *testing.T) {
	for _, extra := range []string{
		`{}`, `{"v":"1"}`, `{"v":"1","id":null}`, `{"v":"1","id":null,"result":0}`, `{"id":null,"error":null}`, `{"v":"2","id":null}`,
		`{"v":"1","id":"abc","result":0}`, `{"v":"1","id":-1}`, `{"v":"1","id":1.5}`, `{"v":"1","id":{}}`, `{"v":"1","id":4711,"result":0}`,
		`{"v":"1","id":"4711","error":null}`,
	} {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, pipelined %v", extra, known), func(t *testing.T) {
				const posts = 50
				client, server := transporttest.Link(0, 0)
				go answerWith(server, extra, known)
				n, err := run(t.Context(), client, transport.SessionOptions{Pipelined: known}, newLedger(t, posts))
				if n != posts || err != nil {
					t.Errorf("%d delivered, %v", n, err)
				}
			})
		}
	}
}

// answerWith answers each request, and adds the line after each answer.
func answerWith(conn net.Conn, extra string, pipelining bool) {
	defer conn.Close()
	r, w := transport.NewReader(conn), transport.NewWriter(conn)
	for {
		f, err := r.ReadFrame()
		if err != nil {
			return
		}
		out := transport.Frame{ID: f.ID, HasID: true, Source: "endpoint", Target: f.Source, Result: []byte("0")}
		if f.Method == transport.MethodHello {
			out.Result = []byte(`{"heartbeat_interval":1000}`)
			if pipelining {
				out.Result = []byte(`{"features":[{"name":"pipelining"}]}`)
			}
		}
		if w.WriteFrame(&out) != nil || w.Flush() != nil {
			return
		}
		if _, err := conn.Write([]byte(extra + "\n")); err != nil {
			return
		}
	}
}

// An endpoint that sends nothing but responses to nobody is not listened to for ever.
func TestOnlyResponsesToNobody(t *testing.T) {
	client, server := transporttest.Link(0, 0)
	go func() {
		defer server.Close()
		for {
			if _, err := server.Write([]byte("{}\n")); err != nil {
				return
			}
		}
	}()
	n, err := run(t.Context(), client, transport.SessionOptions{}, newLedger(t, 1))
	if n != 0 || err == nil || !strings.Contains(err.Error(), "responses to no request") {
		t.Errorf("%d delivered, %v", n, err)
	}
}
