package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/transport"
)

// A backlog is an agent's queue: what was not acknowledged is still in it.
type backlog struct {
	params map[uint64]string
	left   []uint64
	given  int
}

func newBacklog(n int) *backlog {
	b := &backlog{params: map[uint64]string{}}
	for i := range n {
		key := uint64(i)
		b.params[key] = peertest.Metric(fmt.Sprintf("agent/0123456789abcdef-%x", i), "c")
		b.left = append(b.left, key)
	}
	return b
}

func (b *backlog) Next(context.Context) ([]transport.Post, error) {
	var posts []transport.Post
	for ; b.given < len(b.left) && len(posts) < 50; b.given++ {
		key := b.left[b.given]
		posts = append(posts, transport.Post{Key: key, Params: []byte(b.params[key])})
	}
	return posts, nil
}

func (b *backlog) Rewind() { b.restart() }

func (b *backlog) Settle(_ context.Context, outcomes []transport.Outcome) error {
	for _, o := range outcomes {
		if o.Refused != nil {
			return o.Refused
		}
		delete(b.params, o.Key)
	}
	return nil
}

// restart offers again what was not acknowledged.
func (b *backlog) restart() {
	left := b.left[:0]
	for _, key := range b.left {
		if _, ok := b.params[key]; ok {
			left = append(left, key)
		}
	}
	b.left, b.given = left, 0
}

// deliver is one session of package transport's client.
func (r *running) deliver(t *testing.T, b *backlog, pipelined bool,
	dial func(ctx context.Context, network, address string) (net.Conn, error)) (int, error) {
	t.Helper()
	b.restart()
	d := transport.Dialer{Endpoints: []string{r.addr}, TLS: transport.TLSConfig{CAFile: r.dir.CAFile()},
		DialContext: dial}
	conn, _, err := d.Dial(t.Context())
	if err != nil {
		return 0, err
	}
	s := transport.Start(t.Context(), conn,
		transport.Identity{AgentID: "agent", AgentName: "virgo", Token: r.token},
		transport.SessionOptions{Pipelined: pipelined})
	n, err := s.Deliver(t.Context(), b)
	return n, errors.Join(err, s.Close(t.Context()))
}

func TestDelivery(t *testing.T) {
	for _, pipelined := range []bool{false, true} {
		t.Run(fmt.Sprint("pipelined ", pipelined), func(t *testing.T) {
			site := newSite(t)
			r := site.start(t)
			b := newBacklog(700)
			if n, err := r.deliver(t, b, pipelined, nil); err != nil || n != 700 || len(b.params) != 0 {
				t.Fatalf("%d delivered, %d left, %v", n, len(b.params), err)
			}
			if n := len(site.results(t, intake.Filter{AgentID: "agent"})); n != 700 {
				t.Errorf("%d are stored", n)
			}
		})
	}
}

func TestAgentLearnsOfAnotherSchedule(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	changed := make(chan string, 1)
	conn, _, err := (&transport.Dialer{Endpoints: []string{r.addr},
		TLS: transport.TLSConfig{CAFile: r.dir.CAFile()}}).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := transport.Start(t.Context(), conn,
		transport.Identity{AgentID: "agent", Token: r.token, ScheduleHash: "old"}, transport.SessionOptions{
			Handler: func(_ context.Context, method string, _ json.RawMessage) (any, *transport.Error) {
				changed <- method
				return struct{}{}, nil
			},
		})
	w, err := s.Welcome(t.Context())
	if err != nil || !w.Has(transport.FeaturePipelining) || !w.Has(transport.FeatureResultID) ||
		!w.Has(transport.FeatureScheduleHash) ||
		w.ScheduleChanged == nil || !*w.ScheduleChanged {
		t.Fatalf("welcome: %+v, %v", w, err)
	}
	if _, err := s.Call(t.Context(), transport.MethodSchedule, nil); err != nil {
		t.Fatal(err)
	}
	site.writeSchedule(t, "default.yaml", check("new"))
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case method := <-changed:
		if method != transport.MethodScheduleChanged {
			t.Error(method)
		}
	default:
		t.Error("closed without check_schedule.changed")
	}

	conn, _, err = (&transport.Dialer{Endpoints: []string{r.addr},
		TLS: transport.TLSConfig{CAFile: r.dir.CAFile()}}).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s = transport.Start(t.Context(), conn, transport.Identity{AgentID: "agent", Token: "virgo_wrong"},
		transport.SessionOptions{Pipelined: true})
	if _, err := s.Deliver(t.Context(), newBacklog(5)); !errors.Is(err, transport.ErrAuth) {
		t.Errorf("a wrong token: %v", err)
	}
	s.Close(t.Context())
}

// A limitedConn breaks after so many bytes, in either direction.
type limitedConn struct {
	net.Conn
	read, written *atomic.Int64
}

func (c limitedConn) Read(p []byte) (int, error)  { return c.limited(c.read, p, c.Conn.Read) }
func (c limitedConn) Write(p []byte) (int, error) { return c.limited(c.written, p, c.Conn.Write) }

func (c limitedConn) limited(left *atomic.Int64, p []byte, do func([]byte) (int, error)) (int, error) {
	n := left.Load()
	if n <= 0 {
		c.Conn.Close()
		return 0, net.ErrClosed
	}
	short := int64(len(p)) > n
	if short {
		p = p[:n]
	}
	done, err := do(p)
	if left.Add(-int64(done)) <= 0 && short && err == nil {
		c.Conn.Close()
		err = net.ErrClosed
	}
	return done, err
}

// However often and wherever the connection breaks, in the end each result is stored once.
func TestBrokenConnections(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	b := newBacklog(100)
	// Each session gets a little further, in what is sent and in what is received.
	for i := int64(0); len(b.params) > 0; i++ {
		if i == 400 {
			t.Fatalf("%d are left", len(b.params))
		}
		var read, written atomic.Int64
		read.Store(1500 + i*97)
		written.Store(300 + i*211)
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			nc, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return limitedConn{nc, &read, &written}, nil
		}
		r.deliver(t, b, i%2 == 0, dial) // fails, most times
		stored := map[string]int{}
		for _, one := range site.results(t, intake.Filter{}) {
			stored[one.ResultID]++
			if stored[one.ResultID] > 1 {
				t.Fatalf("%s is stored twice", one.ResultID)
			}
		}
		if acknowledged := 100 - len(b.params); acknowledged > len(stored) {
			t.Fatalf("%d acknowledged, %d stored", acknowledged, len(stored))
		}
	}
	if n := len(site.results(t, intake.Filter{})); n != 100 {
		t.Errorf("%d are stored", n)
	}
}
