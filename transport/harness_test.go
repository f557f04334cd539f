package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

var pipelined = []string{transport.FeaturePipelining, transport.FeatureResultID}

var whoIAm = transport.Identity{
	AgentID: "agent-1", AgentName: "virgo", Token: "s3cret", ProcessVersion: "1.0.0", BundleVersion: "1.0.0",
	Features: []transport.Feature{{Name: "pipelining", Version: "1"}, {Name: "result_id", Version: "1"}},
}

// A ledger is a Queue that fails the test for an outcome that comes twice or for a post that it
// never gave.
type ledger struct {
	t       testing.TB
	posts   []transport.Post
	batch   int // posts that one Next gives; 0: all
	next    int
	settled map[uint64]*transport.Error
	order   []uint64
	batches []int
	onNext  func() error
	onEach  func([]transport.Outcome) error
}

func newLedger(t testing.TB, n int) *ledger {
	l := &ledger{t: t, settled: make(map[uint64]*transport.Error)}
	for i := range n {
		l.posts = append(l.posts, post(i, 0))
	}
	return l
}

// post makes the i-th result, of about 100 bytes plus fill.
func post(i, fill int) transport.Post {
	params := fmt.Sprintf(`{"result_id":"agent-1/%d","check_id":"c","check_type":"agent.cpu","state":"available","status":"%s","metrics":[]}`,
		i, strings.Repeat("x", fill))
	return transport.Post{Key: uint64(i), Params: []byte(params)}
}

func (l *ledger) Next(context.Context) ([]transport.Post, error) {
	if l.onNext != nil {
		if err := l.onNext(); err != nil {
			return nil, err
		}
	}
	// As a spool that is read again in each run: only what is not settled.
	var batch []transport.Post
	for ; l.next < len(l.posts) && (l.batch == 0 || len(batch) < l.batch); l.next++ {
		if _, done := l.settled[l.posts[l.next].Key]; !done {
			batch = append(batch, l.posts[l.next])
		}
	}
	return batch, nil
}

func (l *ledger) Settle(ctx context.Context, outcomes []transport.Outcome) error {
	if err := ctx.Err(); err != nil {
		l.t.Errorf("settle with an ended context: %v", err)
	}
	if l.onEach != nil {
		if err := l.onEach(outcomes); err != nil {
			return err
		}
	}
	l.batches = append(l.batches, len(outcomes))
	for _, o := range outcomes {
		if _, twice := l.settled[o.Key]; twice {
			l.t.Errorf("%d was settled twice", o.Key)
		}
		if !slices.ContainsFunc(l.posts[:l.next], func(p transport.Post) bool { return p.Key == o.Key }) {
			l.t.Errorf("%d was settled and never given", o.Key)
		}
		l.settled[o.Key] = o.Refused
		l.order = append(l.order, o.Key)
	}
	return nil
}

// Rewind starts again with what is left.
func (l *ledger) Rewind() { l.next = 0 }

func newEndpoint(t testing.TB, script transporttest.Script) *transporttest.Endpoint {
	t.Helper()
	e, err := transporttest.New(script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// connect returns the agent's end of a connection without TLS that the endpoint serves.
func connect(e *transporttest.Endpoint, latency time.Duration, capacity int) net.Conn {
	client, server := transporttest.Link(latency, capacity)
	go e.Serve(server)
	return client
}

// run is a whole session that delivers the queue.
func run(ctx context.Context, conn net.Conn, opt transport.SessionOptions, q transport.Queue) (int, error) {
	s := transport.Start(ctx, conn, whoIAm, opt)
	n, err := s.Deliver(ctx, q)
	return n, errors.Join(err, s.Close(ctx))
}

// wantStored fails unless the endpoint has n results, each once.
func wantStored(t testing.TB, e *transporttest.Endpoint, n int) {
	t.Helper()
	seen := make(map[string]bool)
	for _, s := range e.Stored() {
		if seen[s.ResultID] {
			t.Errorf("%s is stored twice", s.ResultID)
		}
		seen[s.ResultID] = true
	}
	if len(seen) != n {
		t.Errorf("%d results are stored, want %d", len(seen), n)
	}
}
