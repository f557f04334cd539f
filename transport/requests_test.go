package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// changes counts check_schedule.changed and knows no other method.
func changes(n *int) transport.Handler {
	return func(_ context.Context, method string, _ json.RawMessage) (any, *transport.Error) {
		if method != transport.MethodScheduleChanged {
			return nil, transport.NotFound(method)
		}
		*n++
		return nil, nil
	}
}

func TestRequestsAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Features: pipelined, Requests: []transporttest.Request{
			{Method: "check_schedule.changed"},
			{Method: "system.info", Params: []byte(`{"a":"b"}`)},
			{Method: "no.such"},
			{Method: "out.of.range"},
			{Method: "panic"},
			{Method: "too.large"},
			{Method: "no.json"},
		}})
		handler := func(_ context.Context, method string, params json.RawMessage) (any, *transport.Error) {
			switch method {
			case "check_schedule.changed":
				return nil, nil
			case "system.info":
				return map[string]any{"cpus": 2, "got": params}, nil
			case "out.of.range":
				return []int{}[len(params)], nil
			case "panic":
				panic("the token is s3cret")
			case "too.large":
				return strings.Repeat("x", transport.MaxFrameBytes), nil
			case "no.json":
				return func() {}, nil
			}
			return nil, transport.NotFound(method)
		}
		l := newLedger(t, 2)
		start := time.Now()
		if n, err := run(t.Context(), connect(e, time.Second, 0), transport.SessionOptions{Pipelined: true, Handler: handler}, l); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("answering took %v", took)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		answers := e.Answers()
		var got []string
		for i, a := range answers {
			if a.ID != transport.ID(i+1) || a.Source != "agent-1" || a.Target != "endpoint" {
				t.Errorf("answer %d: %+v", i, a)
			}
			if a.Error != nil {
				got = append(got, a.Error.Error())
				continue
			}
			got = append(got, string(a.Result))
		}
		want := []string{
			`{}`,
			`{"cpus":2,"got":{"a":"b"}}`,
			`error 404: "unknown method \"no.such\""`,
			`error 500: "\"out.of.range\" panicked: runtime error: index out of range [0] with length 0"`,
			`error 500: "\"panic\" panicked"`,
		}
		if len(got) != 7 || !slices.Equal(got[:5], want) {
			t.Fatalf("answered %q", got)
		}
		// A result that is too large must not end the session, so its code is 400.
		if !strings.HasPrefix(got[5], "error 400: ") || !strings.HasPrefix(got[6], "error 500: ") {
			t.Errorf("answered %.100q", got[5:])
		}
	})
}

// Params stay valid after later requests were read.
func TestHandlerMayKeepParams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script := transporttest.Script{Features: pipelined}
		var want []string
		for i := range 20 {
			want = append(want, `"`+strings.Repeat(string(rune('a'+i)), 1000)+`"`)
			script.Requests = append(script.Requests, transporttest.Request{Method: "m", Params: []byte(want[i])})
		}
		var got []string
		opt := transport.SessionOptions{Pipelined: true, Handler: func(_ context.Context, _ string, params json.RawMessage) (any, *transport.Error) {
			got = append(got, string(params))
			return nil, nil
		}}
		if _, err := run(t.Context(), connect(newEndpoint(t, script), 0, 0), opt, newLedger(t, 1)); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v, got %.60q", err, got)
		}
	})
}

func TestNoHandlerAnswers404(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Requests: []transporttest.Request{{Method: "system.info"}}})
		if _, err := run(t.Context(), connect(e, 0, 0), transport.SessionOptions{}, newLedger(t, 0)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if a := e.Answers(); len(a) != 1 || a[0].Error == nil || a[0].Error.Code != 404 {
			t.Errorf("answered %+v", a)
		}
	})
}

// Both sides write at once into full buffers: the endpoint floods and does not read meanwhile, this
// side writes a window of posts. With a deadlock, fake time would have reached the idle timeout.
func TestFloodDoesNotDeadlock(t *testing.T) {
	for _, capacity := range []int{100, 4 << 10, 64 << 10} {
		synctest.Test(t, func(t *testing.T) {
			e := newEndpoint(t, transporttest.Script{Features: pipelined, Flood: transport.MaxRequests, FloodBytes: 3 << 10})
			l := newLedger(t, 0)
			for i := range 600 {
				l.posts = append(l.posts, post(i, 1<<10))
			}
			start := time.Now()
			n, err := run(t.Context(), connect(e, 0, capacity), transport.SessionOptions{Pipelined: true}, l)
			if n != 600 || err != nil {
				t.Fatal(n, err)
			}
			if took := time.Since(start); took != 0 {
				t.Errorf("capacity %d: waited %v", capacity, took)
			}
			wantStored(t, e, 600)
			synctest.Wait()
			if len(e.Answers()) != transport.MaxRequests {
				t.Errorf("%d answers", len(e.Answers()))
			}
		})
	}
}

func TestTooManyRequestsAreAProtocolError(t *testing.T) {
	for _, script := range []transporttest.Script{
		{Features: pipelined, Flood: transport.MaxRequests + 1},
		{Features: pipelined, Flood: 100, FloodBytes: 1 << 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := newEndpoint(t, script)
			l := newLedger(t, 5)
			_, err := run(t.Context(), connect(e, 0, 4<<10), transport.SessionOptions{Pipelined: true, Handler: slow}, l)
			if !errors.Is(err, transport.ErrProtocol) {
				t.Fatal(err)
			}
		})
	}
}

// slow takes time, so that requests pile up.
func slow(ctx context.Context, _ string, _ json.RawMessage) (any, *transport.Error) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
	return nil, nil
}

func TestRequestOfAnotherVersionIsAnswered400(t *testing.T) {
	client, server := transporttest.Link(0, 0)
	s := transport.Start(t.Context(), client, whoIAm, transport.SessionOptions{
		Handler: func(context.Context, string, json.RawMessage) (any, *transport.Error) {
			t.Error("the handler was called")
			return nil, nil
		},
	})
	over := make(chan error, 1)
	go func() {
		_, err := s.Welcome(t.Context())
		over <- errors.Join(err, s.Close(t.Context()))
	}()
	w, r := transport.NewWriter(server), transport.NewReader(server)
	request := transport.Frame{V: "2", ID: 1, HasID: true, Source: "endpoint", Target: "agent-1", Method: "system.info"}
	if err := errors.Join(w.WriteFrame(&request), w.Flush()); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := r.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if f.IsRequest() {
			continue // hello
		}
		if f.V != transport.Version || f.ID != 1 || f.Error == nil || f.Error.Code != transport.CodeBadRequest {
			t.Errorf("answered %+v, %v", f, f.Error)
		}
		break
	}
	server.Close()
	<-over
}

// Once hello succeeded, an error without an id belongs to no request and ends the session.
func TestErrorWithoutAnIDEndsTheSession(t *testing.T) {
	client, server := transporttest.Link(0, 0)
	go func() {
		w, r := transport.NewWriter(server), transport.NewReader(server)
		hello, _ := r.ReadFrame()
		w.WriteFrame(&transport.Frame{ID: hello.ID, HasID: true, Result: []byte(`{}`)})
		w.WriteFrame(&transport.Frame{Error: &transport.Error{Code: 400, Message: "what was that?"}})
		w.Flush()
		io.Copy(io.Discard, server)
	}()
	_, err := run(t.Context(), client, transport.SessionOptions{}, newLedger(t, 3))
	if !errors.Is(err, transport.ErrRefused) || !strings.Contains(err.Error(), "what was that?") {
		t.Error(err)
	}
	server.Close()
}

func TestTokenIsRemovedFromAnErrorsType(t *testing.T) {
	e := newEndpoint(t, transporttest.Script{HelloError: &transport.Error{Code: 500, Type: "for " + whoIAm.Token}})
	_, err := run(t.Context(), connect(e, 0, 0), transport.SessionOptions{}, newLedger(t, 0))
	var said *transport.Error
	if !errors.As(err, &said) || said.Type != "for [token]" {
		t.Errorf("%+v", said)
	}
}
