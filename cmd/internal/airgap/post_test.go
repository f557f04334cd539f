package airgap

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"virgo/spool"
	"virgo/spool/bundle"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// An acceptor is an endpoint's part of bundle.post, for one bundle. takes bounds the bytes that it takes of
// one block; 0: all.
type acceptor struct {
	takes int

	mu       sync.Mutex
	state    []byte
	offset   int64
	results  int
	complete bool
	refuse   *transport.Error
}

func (a *acceptor) answer(method string, params json.RawMessage) (any, *transport.Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if method != transport.MethodBundle {
		return nil, transport.NotFound(method)
	}
	if a.refuse != nil {
		return nil, a.refuse
	}
	var p struct {
		Offset int64
		Block  []byte
	}
	err := json.Unmarshal(params, &p)
	if err == nil && p.Offset == a.offset && len(p.Block) > 0 && !a.complete {
		err = a.take(p.Block)
	}
	if err != nil {
		return nil, &transport.Error{Code: 400, Message: err.Error(), Type: transport.TypeBundleChanged}
	}
	return map[string]any{"offset": a.offset, "results": a.results, "refused": 0, "complete": a.complete}, nil
}

func (a *acceptor) take(block []byte) error {
	if a.takes > 0 {
		block = block[:min(len(block), a.takes)]
	}
	v, err := bundle.NewVerifier(a.state, block)
	for err == nil {
		var list []bundle.Record
		list, err = v.Next()
		a.results += len(list)
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	a.offset, a.complete = v.Offset(), v.Complete()
	a.state, err = v.State()
	return err
}

var bundleFeatures = []string{transport.FeaturePipelining, transport.FeatureResultID, transport.FeatureBundle}

// The connection breaks after any number of bytes, either way: the next attempt goes on from the offset
// that the endpoint has. The courier speaks with its own id.
func TestBringAfterBrokenConnection(t *testing.T) {
	for at := 1; at < 40_000; at += 1777 {
		for _, out := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) { bringCut(t, at, out) })
		}
	}
}

func bringCut(t *testing.T, at int, out bool) {
	const results = 200
	a := &acceptor{takes: 5000 + bundle.MaxHeaderBytes}
	script := transporttest.Script{Features: bundleFeatures, Answer: a.answer}
	cut := script
	if out {
		cut.CloseAfterOut = at / 4
	} else {
		cut.CloseAfterIn = at
	}
	e, err := transporttest.New(cut)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	cfg := viaPipe(t, e)
	if cfg.Spool, err = spool.Open(filepath.Join(t.TempDir(), "state"), spool.Options{Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	dial, dials := cfg.DialContext, 0
	cfg.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials++; dials > 1 {
			e.Set(script)
		}
		return dial(ctx, network, address)
	}
	shown := 0
	cfg.Progress = func(n int) { shown = n }
	done, err := Deliver(t.Context(), cfg, sealedBundle(t, resultData(results)...))
	if err != nil || done.Delivered != results || a.results != results || !a.complete || shown != results {
		t.Fatalf("cut at %d (out %v): %+v, %d results, %v", at, out, done, a.results, err)
	}
	if hello := string(e.Hello()); !strings.Contains(hello, `"agent_id":"near"`) {
		t.Errorf("hello says %s", hello)
	}
	if n := len(e.Stored()); n > 0 {
		t.Errorf("%d results were posted", n)
	}
}

// What the endpoint says is checked: it can neither claim results that the bundle does not have, nor ask for
// the same bytes for ever.
func TestBringFromAFalseEndpoint(t *testing.T) {
	for _, said := range []string{
		`{"offset":-1}`, `{"offset":1e9}`, `{"offset":0,"results":3}`, `{"offset":0,"results":1,"refused":2}`,
		`{"offset":0,"complete":true}`, `{"offset":0,"results":-1}`, `0`, `null`, `[]`, `{"offset":"0"}`, `{"offset":5}`,
	} {
		b := newBench(t, transporttest.Script{Features: bundleFeatures,
			Answer: func(string, json.RawMessage) (any, *transport.Error) { return json.RawMessage(said), nil }})
		done, err := Deliver(t.Context(), &b.Config, sealedBundle(t, resultData(2)...))
		if !errors.Is(err, transport.ErrProtocol) || len(done.Receipts) > 0 || done.Delivered > 0 {
			t.Errorf("%s: %+v, %v", said, done, err)
		}
	}
}

// A refusal of the bundle names the next step; only where the endpoint knows no key of the bundle's agent,
// a token for it may help.
func TestBringRefusedBundles(t *testing.T) {
	for typ, stored := range map[string]int{
		transport.TypeBundleNoKey: 2, transport.TypeBundleOtherKey: 0, transport.TypeBundleChanged: 0,
		transport.TypeBundleRevoked: 0,
	} {
		a := &acceptor{refuse: &transport.Error{Code: 400, Message: "no, because", Type: typ}}
		b := newBench(t, transporttest.Script{Features: bundleFeatures, Answer: a.answer})
		_, err := Deliver(t.Context(), &b.Config, sealedBundle(t, resultData(2)...))
		var refused *RefusedError
		if stored == 0 && (!errors.As(err, &refused) || !strings.Contains(err.Error(), "no, because")) || stored > 0 && err != nil {
			t.Errorf("%s: %v", typ, err)
		}
		if n := len(b.endpoint.Stored()); n != stored {
			t.Errorf("%s: %d results were posted with a token", typ, n)
		}
	}
}

// Blocks grow to what fits a frame, whatever the ids.
func TestBringInFrames(t *testing.T) {
	a := &acceptor{}
	largest := 0
	answer := func(method string, params json.RawMessage) (any, *transport.Error) {
		largest = max(largest, len(params))
		return a.answer(method, params)
	}
	b := newBench(t, transporttest.Script{Features: bundleFeatures, Answer: answer})
	b.ID = strings.Repeat("\x7f", 256) // escaped
	var data []string
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 14 {
		raw := make([]byte, 700<<10)
		for i := range raw {
			raw[i] = byte(rnd.Uint32())
		}
		data = append(data, `{"x":"`+base64.StdEncoding.EncodeToString(raw)+`"}`)
	}
	done, err := Deliver(t.Context(), &b.Config, sealedBundle(t, data...))
	if err != nil || done.Delivered != len(data) {
		t.Fatalf("%+v, %v", done, err)
	}
	if largest < mostBlock || largest > transport.MaxFrameBytes-4<<10 {
		t.Errorf("the largest block has %d bytes in a frame", largest)
	}
}
