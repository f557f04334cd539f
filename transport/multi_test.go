package transport_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pierrec/lz4/v4"

	"virgo/transport"
	"virgo/transport/transporttest"
)

var (
	several   = append(slices.Clone(pipelined), transport.FeaturePostMulti, transport.FeaturePostMultiLZ4)
	plainOnly = append(slices.Clone(pipelined), transport.FeaturePostMulti)
)

// compress is the reference implementation.
func compress(dst, src []byte) []byte {
	block := make([]byte, lz4.CompressBlockBound(len(src)))
	var c lz4.Compressor
	n, err := c.CompressBlock(src, block)
	if err != nil {
		panic(err)
	}
	return append(dst, block[:n]...)
}

// known are the options for an endpoint that announced everything in an earlier session.
var known = transport.SessionOptions{Pipelined: true, Multi: true, MultiLZ4: true, Compress: compress}

// waitingLedger has n results, of which those from fresh on waited before.
func waitingLedger(t testing.TB, n, fresh, fill int) *ledger {
	l := newLedger(t, 0)
	for i := range n {
		p := post(i, fill)
		p.Waiting = i >= fresh
		l.posts = append(l.posts, p)
	}
	return l
}

func noFaults(t *testing.T, e *transporttest.Endpoint) {
	t.Helper()
	if faults := e.Faults(); len(faults) > 0 {
		t.Errorf("faults: %v", faults)
	}
}

func TestMultiFrames(t *testing.T) {
	for _, c := range []struct {
		name     string
		features []string
		opt      transport.SessionOptions
		frames   []int // results of each frame; a negative number is of a compressed one
		trips    int
	}{
		{"known", several, known, []int{7, -40}, 1},
		{"known, hello first", several, transport.SessionOptions{Compress: compress}, []int{7, -40}, 2},
		{"without a compressor", several, transport.SessionOptions{Pipelined: true, Multi: true, MultiLZ4: true}, []int{7, 40}, 1},
		{"without post_multi_lz4", plainOnly, transport.SessionOptions{Compress: compress}, []int{7, 40}, 2},
		{"single", several, transport.SessionOptions{Pipelined: true, Multi: true, Single: true}, nil, 1},
		{"an endpoint that has none of it", pipelined, transport.SessionOptions{Compress: compress}, nil, 2},
		{"without pipelining", []string{transport.FeaturePostMulti}, transport.SessionOptions{Compress: compress}, []int{7, 40}, 4},
		{"upgraded", several, transport.SessionOptions{Pipelined: true, Compress: compress}, nil, 1}, // all was sent before hello's answer
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, transporttest.Script{Features: c.features})
				l := waitingLedger(t, 47, 7, 100)
				start := time.Now()
				if n, err := run(t.Context(), connect(e, time.Second, 0), c.opt, l); n != 47 || err != nil {
					t.Fatal(n, err)
				}
				if took := time.Since(start); took != time.Duration(c.trips)*2*time.Second {
					t.Errorf("took %v", took)
				}
				var frames []int
				for _, f := range e.Multi() {
					n := f.Results
					if f.Compressed {
						n = -n
						if f.WireBytes > f.RawBytes/2 {
							t.Errorf("%+v is hardly compressed", f)
						}
					}
					frames = append(frames, n)
				}
				if !slices.Equal(frames, c.frames) {
					t.Errorf("frames of %v, want %v", frames, c.frames)
				}
				wantStored(t, e, 47)
				noFaults(t, e)
				if !slices.IsSorted(l.order) || len(l.order) != 47 {
					t.Errorf("settled %v", l.order)
				}
			})
		})
	}
}

// One of the results of a frame is refused: it alone is.
func TestPartOfAMultiFrameIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Features: several, Reject: map[int]transport.Error{
			2: {Code: 400, Message: "unknown check of " + whoIAm.Token}, 9: {Code: 400},
		}})
		l := waitingLedger(t, 12, 6, 0)
		n, err := run(t.Context(), connect(e, 0, 0), known, l)
		if n != 10 || err != nil || len(l.settled) != 12 {
			t.Fatal(n, err, l.order)
		}
		for key, r := range l.settled {
			if refused := key == 1 || key == 8; refused != (r != nil) {
				t.Errorf("%d: %v", key, r)
			}
		}
		if got := l.settled[1]; got.Code != 400 || got.Message != "unknown check of [token]" {
			t.Errorf("refused as %v", got)
		}
		wantStored(t, e, 10)
	})
}

// What an endpoint may not answer settles nothing, and the next session delivers everything once.
func TestWrongMultiAnswers(t *testing.T) {
	for name, result := range map[string]string{
		"too few":                   `{"results":[0,0]}`,
		"too many":                  `{"results":[0,0,0,0]}`,
		"none":                      `{"results":[]}`,
		"no list":                   `{"results":0}`,
		"no results":                `{}`,
		"no object":                 `0`,
		"two lists":                 `{"results":[0,0,0],"results":[0,0,0]}`,
		"another number":            `{"results":[0,1,0]}`,
		"a text":                    `{"results":[0,"0",0]}`,
		"null":                      `{"results":[0,null,0]}`,
		"an error without a code":   `{"results":[0,{"message":"no"},0]}`,
		"an error of another code":  `{"results":[0,{"code":500,"message":"no"},0]}`,
		"a rate limit of one alone": `{"results":[0,{"code":400,"type":"rateLimitReached"},0]}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, transporttest.Script{Features: several, MultiResult: []byte(result)})
				l := waitingLedger(t, 3, 3, 0)
				n, err := run(t.Context(), connect(e, 0, 0), known, l)
				if n != 0 || !errors.Is(err, transport.ErrProtocol) || !strings.Contains(err.Error(), "post_multi") || len(l.settled) > 0 {
					t.Fatal(n, err, l.order)
				}
				e.Set(transporttest.Script{Features: several})
				l.Rewind()
				if n, err := run(t.Context(), connect(e, 0, 0), known, l); n != 3 || err != nil {
					t.Error(n, err)
				}
				wantStored(t, e, 3)
			})
		})
	}
}

// An error of the whole frame ends the session as that of a single post does.
func TestErrorsOfAWholeMultiFrame(t *testing.T) {
	for name, c := range map[string]struct {
		script transporttest.Script
		kind   error
	}{
		"rate limit":     {transporttest.Script{Features: several, RateLimitAt: 1}, transport.ErrRateLimit},
		"disk full":      {transporttest.Script{Features: several, MultiError: &transport.Error{Code: 503, Message: "full"}}, transport.ErrRefused},
		"revoked":        {transporttest.Script{Features: several, MultiError: &transport.Error{Code: 401, Type: transport.TypeRevoked}}, transport.ErrAuth},
		"unknown method": {transporttest.Script{Features: pipelined}, transport.ErrNoMulti},
		"within a frame": {transporttest.Script{Features: several, Reject: map[int]transport.Error{5: {Code: 503}}}, transport.ErrRefused},
		"no answer":      {transporttest.Script{Features: several, StallAt: 2}, transport.ErrConnectionLost},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, c.script)
				l := waitingLedger(t, 20, 10, 0)
				n, err := run(t.Context(), connect(e, 0, 0), known, l)
				if n != 0 || !errors.Is(err, c.kind) || len(l.settled) > 0 {
					t.Fatal(n, err, l.order)
				}
				e.Set(transporttest.Script{Features: several})
				l.Rewind()
				if _, err := run(t.Context(), connect(e, 0, 0), known, l); err != nil || len(l.settled) != 20 {
					t.Error(err, l.order)
				}
				wantStored(t, e, 20)
			})
		})
	}
}

// The endpoint cannot read a frame: in the same session each result goes alone, and only what it refuses
// alone is refused.
func TestRefusedMultiFrameIsPostedAlone(t *testing.T) {
	for _, batch := range []int{0, 5} {
		synctest.Test(t, func(t *testing.T) {
			e := newEndpoint(t, transporttest.Script{
				Features: several, MultiError: &transport.Error{Code: 400, Message: "results are no list"},
				Reject: map[int]transport.Error{4: {Code: 400, Message: "this one"}},
			})
			l := waitingLedger(t, 30, 10, 0)
			l.batch = batch
			n, err := run(t.Context(), connect(e, time.Second, 0), known, l)
			if n != 29 || err != nil || len(l.settled) != 30 || l.settled[3] == nil {
				t.Fatal(n, err, l.settled)
			}
			wantStored(t, e, 29)
			methods := e.Methods()
			if e.Sessions() != 1 || methods[len(methods)-1] != transport.MethodHeartbeat {
				t.Errorf("%d sessions, asked %v", e.Sessions(), methods)
			}
			noFaults(t, e)
		})
	}
}

// What fits no frame of several goes alone, and what fits none at all is refused here.
func TestOddPostsBesideMultiFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Features: several})
		l := waitingLedger(t, 6, 6, 0)
		for i, params := range []string{
			`{"result_id":"agent-1/6","status":"` + strings.Repeat("x", transport.MultiBytes) + `"}`,
			`{"result_id":"agent-1/7","cut`,
			`{"result_id":"agent-1/8","cut}`,
			`{"result_id":"agent-1/9","a":` + strings.Repeat("[", 62) + strings.Repeat("]", 62) + `}`, // fits alone
			`{"result_id":"agent-1/10"},{"result_id":"agent-1/11"}`,
			"{\"result_id\":\"agent-1/12\",\"status\":\"caf\xe9\"}",
		} {
			l.posts = append(l.posts, transport.Post{Key: uint64(6 + i), Params: []byte(params)})
		}
		n, err := run(t.Context(), connect(e, 0, 0), known, l)
		if err != nil || len(l.settled) != 12 {
			t.Fatal(n, err, l.settled)
		}
		for key, r := range l.settled {
			if refused := key == 7 || key == 8 || key == 10; refused != (r != nil) {
				t.Errorf("%d: %v", key, r)
			}
		}
		wantStored(t, e, 9)
		if first := e.Multi()[0]; first.Results != 6 || n != 9 {
			t.Errorf("%d delivered, frames %+v", n, e.Multi())
		}
		noFaults(t, e)
	})
}

// Frames become larger while answers come quickly, and smaller on a slow link. The window bounds them.
func TestMultiFramesFollowTheLink(t *testing.T) {
	largest := func(frames []transporttest.MultiFrame) (n int) {
		for _, f := range frames {
			n = max(n, f.RawBytes)
		}
		return n
	}
	for name, c := range map[string]struct {
		latency time.Duration
		delay   time.Duration
		least   int
		most    int
	}{
		"quick": {time.Millisecond, 0, transport.MultiBytes / 2, transport.MultiBytes},
		"slow":  {time.Millisecond, 10 * time.Second, 1, 32 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, transporttest.Script{Features: several, Delay: c.delay})
				l := waitingLedger(t, 3000, 0, 1000)
				l.batch = 200
				if _, err := run(t.Context(), connect(e, c.latency, 0), known, l); err != nil {
					t.Fatal(err)
				}
				wantStored(t, e, 3000)
				frames := e.Multi()
				if n := frames[0].RawBytes; n > 32<<10 {
					t.Errorf("the first frame has %d bytes", n)
				}
				if n := largest(frames); n < c.least || n > c.most {
					t.Errorf("the largest frame has %d bytes", n)
				}
				if name == "slow" && frames[len(frames)-2].RawBytes > 10<<10 {
					t.Errorf("the last frames are %+v", frames[len(frames)-3:])
				}
				noFaults(t, e)
			})
		})
	}
}

// The connection is lost after every few bytes of frames of several results, in both directions: what was
// settled is stored, and the next session delivers the rest, each once.
func TestConnectionLostInMultiFrames(t *testing.T) {
	script := func() transporttest.Script {
		return transporttest.Script{Features: several, Reject: map[int]transport.Error{3: {Code: 400, Message: "no"}}}
	}
	whole := &counting{}
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, script())
		whole.Conn = connect(e, 0, 0)
		if _, err := run(t.Context(), whole, known, waitingLedger(t, 60, 10, 50)); err != nil {
			t.Fatal(err)
		}
	})
	for _, in := range []bool{true, false} {
		total, step := whole.out, 13
		if !in {
			total, step = whole.in, 1
		}
		for at := 1; at <= total; at += step {
			synctest.Test(t, func(t *testing.T) {
				cut := script()
				if in {
					cut.CloseAfterIn = at
				} else {
					cut.CloseAfterOut = at
				}
				e := newEndpoint(t, cut)
				l := waitingLedger(t, 60, 10, 50)
				n, err := run(t.Context(), connect(e, 0, 0), known, l)
				if err != nil && !errors.Is(err, transport.ErrConnectionLost) {
					t.Errorf("cut at %d (in %v): %v", at, in, err)
				}
				if refused := len(l.settled) - n; n > len(e.Stored()) || refused > 1 {
					t.Errorf("cut at %d (in %v): %d delivered, %d refused, %d stored", at, in, n, refused, len(e.Stored()))
				}
				again := script()
				e.Set(again)
				l.Rewind()
				if _, err := run(t.Context(), connect(e, 0, 0), known, l); err != nil {
					t.Errorf("cut at %d (in %v): then %v", at, in, err)
				}
				wantStored(t, e, 59)
				if len(l.settled) != 60 || l.settled[2] == nil {
					t.Errorf("cut at %d (in %v): settled %v", at, in, l.order)
				}
			})
		}
	}
}

// A session with an endpoint that announced several results in a frame earlier, and was replaced meanwhile.
// If hello's answer says so before they are sent, they go alone.
func TestDowngradeThatHelloAnnounces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Features: pipelined})
		l := waitingLedger(t, 40, 0, 0)
		s := transport.Start(t.Context(), connect(e, 0, 0), whoIAm, known)
		if _, err := s.Welcome(t.Context()); err != nil {
			t.Fatal(err)
		}
		n, err := s.Deliver(t.Context(), l)
		if err = errors.Join(err, s.Close(context.Background())); n != 40 || err != nil || len(e.Multi()) > 0 {
			t.Fatal(n, err, e.Multi())
		}
		wantStored(t, e, 40)
	})
	synctest.Test(t, func(t *testing.T) { // else the session ends, and what hello's answer said is known
		e := newEndpoint(t, transporttest.Script{Features: pipelined})
		s := transport.Start(t.Context(), connect(e, time.Second, 0), whoIAm, known)
		if _, ok := s.Greeted(); ok {
			t.Error("greeted before the answer")
		}
		_, err := s.Deliver(t.Context(), waitingLedger(t, 40, 0, 0))
		w, ok := s.Greeted()
		if !errors.Is(err, transport.ErrNoMulti) || !ok || w.Has(transport.FeaturePostMulti) {
			t.Error(err, ok, w)
		}
		s.Close(context.Background())
	})
}

// The window bounds what is in flight, before compression.
func TestMultiWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := transporttest.Link(0, 0)
		received := 0
		go func() {
			r, w := transport.NewReader(server), transport.NewWriter(server)
			f, _ := r.ReadFrame()
			w.WriteFrame(&transport.Frame{ID: f.ID, HasID: true, Source: f.Target, Target: f.Source,
				Result: []byte(`{"features":["pipelining","post_multi","post_multi_lz4"]}`)})
			w.Flush()
			for {
				if _, err := r.ReadFrame(); err != nil {
					return
				}
				received++
			}
		}()
		ctx, cancel := context.WithCancel(t.Context())
		l := waitingLedger(t, 10_000, 0, 1000)
		l.batch = 200
		done := make(chan net.Conn)
		go func() {
			run(ctx, client, known, l)
			close(done)
		}()
		synctest.Wait()
		// All frames have the size of the first, because there is no answer.
		if most := transport.MultiWindowBytes / (31 << 10); received < most/2 || received > most+1 {
			t.Errorf("%d frames are in flight", received)
		}
		cancel()
		<-done
		server.Close()
	})
}
