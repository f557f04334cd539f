package transport_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

func TestKindsOfFailure(t *testing.T) {
	refusal := func(code int, message string) transporttest.Script {
		return transporttest.Script{Features: pipelined, HelloError: &transport.Error{Code: code, Message: message}}
	}
	rejecting := func(e transport.Error) transporttest.Script {
		return transporttest.Script{Features: pipelined, Reject: map[int]transport.Error{3: e}}
	}
	for _, c := range []struct {
		name    string
		script  transporttest.Script
		kind    error
		text    string
		settled int
	}{
		{"a message with the token", transporttest.Script{Features: pipelined, HelloError: &transport.Error{
			Code: 401, Message: "the token " + whoIAm.Token + " \u202eis bad",
		}}, transport.ErrAuth, `"the token [token]  is bad"`, 0},
		{"bad token", transporttest.Script{Features: pipelined, Token: "another"}, transport.ErrAuth, "error 401", 0},
		{"forbidden", refusal(403, "no"), transport.ErrAuth, "error 403", 0},
		{"agent too old", refusal(400, "Agent version 1.0.0 is too old, please upgrade to 2.0.0."), transport.ErrVersion, "please upgrade", 0},
		{"bundle too old", refusal(400, "Agent bundle version 1.0.0 is too old"), transport.ErrVersion, "bundle", 0},
		{"hello refused", refusal(400, "not today"), transport.ErrRefused, "not today", 0},
		{"hello failed", refusal(500, ""), transport.ErrRefused, "error 500", 0},
		{"rate limit at hello", transporttest.Script{HelloError: &transport.Error{Code: 400, Type: transport.TypeRateLimit}}, transport.ErrRateLimit, "", 0},
		{"another version", transporttest.Script{Features: pipelined, Version: "2147483647"}, transport.ErrVersion, `"2147483647"`, 0},
		{"rate limit", transporttest.Script{Features: pipelined, RateLimitAt: 3}, transport.ErrRateLimit, "Rate limit", 2},
		{"post fails", rejecting(transport.Error{Code: 500, Message: "disk full"}), transport.ErrRefused, "disk full", 2},
		{"token revoked", rejecting(transport.Error{Code: 401}), transport.ErrAuth, "401", 2},
		{"bad frame", transporttest.Script{Features: pipelined, Garbage: "{\"id\":0}\n"}, transport.ErrProtocol, `"v" is missing`, 0},
		{"another protocol", transporttest.Script{Features: pipelined, Garbage: "HTTP/1.1 400 Bad Request\r\n"}, transport.ErrProtocol, "HTTP/1.1 400", 0},
		{"hello's result is a number", transporttest.Script{Features: pipelined, Garbage: "{\"v\":\"1\",\"id\":0,\"result\":0}\n"}, transport.ErrProtocol, "answer to hello", 0},
		{"hello's interval is a list", transporttest.Script{Features: pipelined, Garbage: "{\"v\":\"1\",\"id\":0,\"result\":{\"heartbeat_interval\":[]}}\n"}, transport.ErrProtocol, "heartbeat_interval", 0},
		{"an error that names no request", transporttest.Script{Features: pipelined, Garbage: "{\"v\":\"1\",\"id\":null,\"error\":{\"code\":500,\"message\":\"what?\"}}\n"}, transport.ErrRefused, "what?", 0},
		{"unexpected responses", transporttest.Script{Features: pipelined, UnexpectedResponses: 40}, transport.ErrProtocol, "responses to no request", 0},
		{"posts answered before hello", transporttest.Script{Features: pipelined, AnswerHelloLast: true}, transport.ErrProtocol, "before the one to hello", 0},
		{"no answer to hello", transporttest.Script{Features: pipelined, StallAt: 1}, transport.ErrConnectionLost, "no answer from the endpoint within 30s", 0},
		{"no answer to a post", transporttest.Script{Features: pipelined, StallAt: 4}, transport.ErrConnectionLost, "no answer from the endpoint within 30s", 2},
		{"no answer to the heartbeat", transporttest.Script{Features: pipelined, StallAt: 7}, transport.ErrConnectionLost, "no answer", 5},
		{"a byte a second", transporttest.Script{Features: pipelined, ByteDelay: time.Second}, transport.ErrConnectionLost, "", 0},
		{"nothing is read", transporttest.Script{Features: pipelined, StopReadingAt: 3}, transport.ErrConnectionLost, "", 2},
	} {
		for _, known := range []bool{true, false} {
			name := c.name + ", pipelined"
			if !known {
				name = c.name + ", hello first"
			}
			t.Run(name, func(t *testing.T) {
				if !known && c.script.AnswerHelloLast {
					t.Log("hello is never answered: a stall")
					c.kind, c.text = transport.ErrConnectionLost, "no answer"
				}
				synctest.Test(t, func(t *testing.T) {
					e := newEndpoint(t, c.script)
					l := newLedger(t, 5)
					n, err := run(t.Context(), connect(e, 0, 300), transport.SessionOptions{Pipelined: known}, l)
					if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) {
						t.Fatalf("got %v, want %v", err, c.kind)
					}
					if strings.Contains(err.Error(), whoIAm.Token) {
						t.Errorf("the token is in %v", err)
					}
					var hint interface{ Hint() string }
					if errors.Is(err, transport.ErrAuth) && (!errors.As(err, &hint) || hint.Hint() == "") {
						t.Errorf("no hint with %v", err)
					}
					if n != c.settled || len(l.settled) != c.settled {
						t.Errorf("%d delivered, %v settled, want %d", n, l.order, c.settled)
					}
					// The endpoint recovers; the next session delivers what is left, each once.
					e.Set(transporttest.Script{Features: pipelined})
					l.Rewind()
					if _, err := run(t.Context(), connect(e, 0, 0), transport.SessionOptions{}, l); err != nil {
						t.Fatal(err)
					}
					wantStored(t, e, 5)
					if len(l.settled) != 5 {
						t.Errorf("settled %v", l.order)
					}
					e.Close()
				})
			})
		}
	}
}

func TestIdentityHidesItsToken(t *testing.T) {
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, v := range []any{whoIAm, &whoIAm, struct{ ID transport.Identity }{whoIAm}} {
			if got := fmt.Sprintf(format, v); strings.Contains(got, whoIAm.Token) {
				t.Errorf("%s: %s", format, got)
			}
		}
	}
}

func TestRefusedPostsAreSettled(t *testing.T) {
	for _, features := range [][]string{nil, pipelined} {
		synctest.Test(t, func(t *testing.T) {
			e := newEndpoint(t, transporttest.Script{Features: features, Reject: map[int]transport.Error{
				2: {Code: 400, Message: "unknown check"},
			}})
			l := newLedger(t, 4)
			n, err := run(t.Context(), connect(e, 0, 0), transport.SessionOptions{}, l)
			if n != 3 || err != nil || !slices.Equal(l.order, []uint64{0, 1, 2, 3}) {
				t.Fatal(n, err, l.order)
			}
			if r := l.settled[1]; r == nil || r.Code != 400 || r.Message != "unknown check" {
				t.Errorf("refused as %v", r)
			}
			wantStored(t, e, 3)
		})
	}
}

// A result that fits no frame is refused here, and the others are delivered.
func TestUnsendablePostsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Features: pipelined})
		l := newLedger(t, 2)
		for i, params := range []string{
			`{"result_id":"agent-1/2","cut`,
			`{"result_id":"agent-1/3","status":"` + strings.Repeat("x", transport.MaxFrameBytes) + `"}`,
			`{"result_id":"agent-1/4","a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
			"{\n  \"result_id\": \"agent-1/5\"\r\n}",
			"{\"result_id\":\"agent-1/6\",\"status\":\"caf\xe9\"}",
		} {
			l.posts = append(l.posts, transport.Post{Key: uint64(2 + i), Params: []byte(params)})
		}
		n, err := run(t.Context(), connect(e, 0, 0), transport.SessionOptions{Pipelined: true}, l)
		if n != 4 || err != nil || len(l.settled) != 7 {
			t.Fatal(n, err, l.order)
		}
		for _, key := range []uint64{2, 3, 4} {
			if r := l.settled[key]; r == nil || r.Code != 400 || !strings.HasPrefix(r.Message, "not sent: ") {
				t.Errorf("%d: %v", key, r)
			}
		}
		wantStored(t, e, 4)
		if got := string(e.Stored()[3].Params); got != `{"result_id":"agent-1/6","status":"caf`+"\uFFFD"+`"}` {
			t.Errorf("stored %s", got)
		}
	})
}

func TestOnlyUnsendablePosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Features: pipelined})
		l := newLedger(t, 0)
		for i := range 1000 {
			l.posts = append(l.posts, transport.Post{Key: uint64(i), Params: []byte("{")})
		}
		if n, err := run(t.Context(), connect(e, 0, 0), transport.SessionOptions{Pipelined: true}, l); n != 0 || err != nil || len(l.settled) != 1000 {
			t.Fatal(n, err, len(l.settled))
		}
	})
}

func TestQueueFailureEndsTheSession(t *testing.T) {
	broken := errors.New("spool is locked")
	t.Run("next", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := newEndpoint(t, transporttest.Script{Features: pipelined})
			l := newLedger(t, 3)
			l.batch = 2
			l.onNext = func() error {
				if l.next >= 2 {
					return broken
				}
				return nil
			}
			if _, err := run(t.Context(), connect(e, 0, 0), transport.SessionOptions{}, l); !errors.Is(err, broken) {
				t.Fatal(err)
			}
		})
	})
	t.Run("settle", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e := newEndpoint(t, transporttest.Script{Features: pipelined})
			l := newLedger(t, 3)
			calls := 0
			l.onEach = func([]transport.Outcome) error { calls++; return broken }
			if n, err := run(t.Context(), connect(e, 0, 0), transport.SessionOptions{}, l); n != 0 || !errors.Is(err, broken) || calls != 1 {
				t.Fatal(n, err, calls)
			}
		})
	})
}

// The context ends while the queue is slow: what was acknowledged meanwhile is settled all the
// same.
func TestAcknowledgedPostsAreSettledAfterTheContextEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Features: pipelined})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		l := newLedger(t, 4)
		l.batch = 2
		l.onNext = func() error {
			if l.next == 2 { // the window is full and has been sent
				synctest.Wait()
				cancel()
				synctest.Wait()
			}
			return nil
		}
		n, err := run(ctx, connect(e, 0, 0), transport.SessionOptions{Pipelined: true, WindowRequests: 2}, l)
		if !errors.Is(err, context.Canceled) || n != 2 || !slices.Equal(l.order, []uint64{0, 1}) {
			t.Fatal(n, err, l.order)
		}
	})
}
