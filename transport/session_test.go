package transport_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

func TestWithoutPipeliningOnePostAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{LooseJSON: true})
		l := newLedger(t, 3)
		start := time.Now()
		n, err := run(t.Context(), connect(e, time.Second, 0), transport.SessionOptions{}, l)
		if n != 3 || err != nil {
			t.Fatal(n, err)
		}
		wantStored(t, e, 3)
		// hello, three posts and the heartbeat each waited for the one before.
		if took := time.Since(start); took != 5*2*time.Second {
			t.Errorf("took %v", took)
		}
		want := []string{"handshake.hello", "check_metrics.post", "check_metrics.post", "check_metrics.post", "heartbeat.post"}
		if got := e.Methods(); !slices.Equal(got, want) {
			t.Errorf("asked %q", got)
		}
		if !slices.Equal(l.order, []uint64{0, 1, 2}) || len(e.Faults()) > 0 {
			t.Errorf("settled %v, faults %v", l.order, e.Faults())
		}
	})
}

func TestPipeliningStartsAfterHelloAnnouncesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Features: pipelined})
		l := newLedger(t, 100)
		start := time.Now()
		if n, err := run(t.Context(), connect(e, time.Second, 0), transport.SessionOptions{}, l); n != 100 || err != nil {
			t.Fatal(n, err)
		}
		wantStored(t, e, 100)
		if len(l.batches) > 10 { // what came together is settled together
			t.Errorf("settled in batches of %v", l.batches)
		}
		if took := time.Since(start); took != 2*2*time.Second { // hello; then all of it
			t.Errorf("took %v", took)
		}
	})
}

// The endpoint announced pipelining earlier and no longer does: after the first window, one post at
// a time.
func TestPipeliningStopsWhenHelloDoesNotAnnounceIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{})
		start := time.Now()
		opt := transport.SessionOptions{Pipelined: true, WindowRequests: 4}
		if n, err := run(t.Context(), connect(e, time.Second, 0), opt, newLedger(t, 6)); n != 6 || err != nil {
			t.Fatal(n, err)
		}
		wantStored(t, e, 6)
		if took := time.Since(start); took != 4*2*time.Second { // 4 posts, 1, 1, the heartbeat
			t.Errorf("took %v", took)
		}
	})
}

func TestWindowIsBounded(t *testing.T) {
	for _, c := range []struct {
		name   string
		opt    transport.SessionOptions
		trips  int // round trips for 8 posts of about 1 KiB
		latest int // posts
	}{
		{"by count", transport.SessionOptions{WindowRequests: 2}, 1 + 4, 8},
		{"by bytes", transport.SessionOptions{WindowBytes: 5 << 10}, 1 + 2, 8},
		{"a post larger than the window flies alone", transport.SessionOptions{WindowBytes: 100}, 1 + 8 + 1, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEndpoint(t, transporttest.Script{Features: pipelined})
				l := newLedger(t, 0)
				for i := range 8 {
					l.posts = append(l.posts, post(i, 1<<10))
				}
				start := time.Now()
				if n, err := run(t.Context(), connect(e, time.Second, 0), c.opt, l); n != 8 || err != nil {
					t.Fatal(n, err)
				}
				wantStored(t, e, 8)
				if took := time.Since(start); took > time.Duration(c.trips)*2*time.Second || took < 3*2*time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestWelcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{
			Features: []string{"schedule_hash"}, ScheduleHash: "new", HeartbeatInterval: 1500, EntityID: "en1", Channel: "stable",
		})
		id := whoIAm
		id.ScheduleHash = "old"
		s := transport.Start(t.Context(), connect(e, 0, 0), id, transport.SessionOptions{})
		w, err := s.Welcome(t.Context())
		if err != nil || w.HeartbeatInterval != 1500*time.Millisecond || w.EntityID != "en1" || w.Channel != "stable" ||
			!w.Has("schedule_hash") || w.ScheduleChanged == nil || !*w.ScheduleChanged {
			t.Fatalf("%+v, %v", w, err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := e.Methods(); !slices.Equal(got, []string{"handshake.hello", "heartbeat.post"}) {
			t.Errorf("asked %q", got)
		}
		for _, part := range []string{`"token":"s3cret"`, `"agent_id":"agent-1"`, `"features":[{"name":"pipelining","version":"1"}`, `"schedule_hash":"old"`} {
			if !strings.Contains(string(e.Hello()), part) {
				t.Errorf("hello lacks %s: %s", part, e.Hello())
			}
		}
	})
}

func TestCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Features: pipelined, Schedule: []byte(`[{"id":"a"}]`)})
		start := time.Now()
		s := transport.Start(t.Context(), connect(e, time.Second, 0), whoIAm, transport.SessionOptions{Pipelined: true})
		result, err := s.Call(t.Context(), transport.MethodSchedule, nil)
		if err != nil || string(result) != `{"checks":[{"id":"a"}]}` {
			t.Fatalf("%s, %v", result, err)
		}
		if took := time.Since(start); took != 2*time.Second { // in the flight of hello
			t.Errorf("took %v", took)
		}
		if n, err := s.Deliver(t.Context(), newLedger(t, 200)); n != 200 || err != nil {
			t.Fatal(n, err)
		}
		if string(result) != `{"checks":[{"id":"a"}]}` {
			t.Errorf("what followed changed the result to %s", result)
		}
		start = time.Now()
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 0 { // nothing was asked since the heartbeat
			t.Errorf("closing took %v", took)
		}
		want := []string{"handshake.hello", "check_schedule.get", "check_metrics.post", "heartbeat.post"}
		if got := slices.Compact(e.Methods()); !slices.Equal(got, want) {
			t.Errorf("asked %q", got)
		}
		if _, err := s.Call(t.Context(), transport.MethodSchedule, nil); !errors.Is(err, transport.ErrConnectionLost) {
			t.Errorf("a call after the end: %v", err)
		}
	})
}

func TestCloseSendsAHeartbeatAfterACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Requests: []transporttest.Request{{Method: "check_schedule.changed"}}})
		changed := 0
		opt := transport.SessionOptions{Handler: changes(&changed)}
		s := transport.Start(t.Context(), connect(e, 0, 0), whoIAm, opt)
		if _, err := s.Call(t.Context(), transport.MethodSchedule, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(t.Context()); err != nil || changed != 1 {
			t.Fatal(changed, err)
		}
		synctest.Wait()
		if got := e.Methods(); !slices.Equal(got, []string{"handshake.hello", "check_schedule.get", "heartbeat.post"}) || len(e.Answers()) != 1 {
			t.Errorf("asked %q, answered %v", got, e.Answers())
		}
	})
}

func TestClockOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Features: pipelined, ClockOffset: -90_000})
		s := transport.Start(t.Context(), connect(e, time.Second, 0), whoIAm, transport.SessionOptions{Pipelined: true})
		defer s.Close(t.Context())
		if _, ok := s.ClockOffset(); ok {
			t.Error("known before a heartbeat")
		}
		if _, err := s.Deliver(t.Context(), newLedger(t, 1)); err != nil {
			t.Fatal(err)
		}
		if offset, ok := s.ClockOffset(); !ok || offset != -90*time.Second {
			t.Errorf("%v, %v", offset, ok)
		}
	})
}

func TestLongDeliverySendsHeartbeats(t *testing.T) {
	for _, c := range []struct {
		interval int64 // ms
		latency  time.Duration
		want     int
	}{
		{10_000, time.Second, 3},           // 24 s of requests: one each 10 s, and the last
		{1, 100 * time.Millisecond, 1 + 2}, // 2.4 s of requests: one each second, and the last
	} {
		synctest.Test(t, func(t *testing.T) {
			e := newEndpoint(t, transporttest.Script{HeartbeatInterval: c.interval})
			if _, err := run(t.Context(), connect(e, c.latency, 0), transport.SessionOptions{}, newLedger(t, 11)); err != nil {
				t.Fatal(err)
			}
			heartbeats := 0
			for _, m := range e.Methods() {
				if m == transport.MethodHeartbeat {
					heartbeats++
				}
			}
			if heartbeats != c.want {
				t.Errorf("interval %d ms: %d heartbeats in %q", c.interval, heartbeats, e.Methods())
			}
		})
	}
}

func TestEmptyQueueSendsAHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Features: pipelined})
		n, err := run(t.Context(), connect(e, 0, 0), transport.SessionOptions{Pipelined: true}, newLedger(t, 0))
		if n != 0 || err != nil || !slices.Equal(e.Methods(), []string{"handshake.hello", "heartbeat.post"}) {
			t.Fatal(n, err, e.Methods())
		}
	})
}

func TestContextEndsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(t, transporttest.Script{Features: pipelined, StallAt: 3})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		l := newLedger(t, 3)
		start := time.Now()
		n, err := run(ctx, connect(e, 0, 0), transport.SessionOptions{Pipelined: true}, l)
		if n != 1 || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Fatal(n, err, time.Since(start))
		}
		if len(l.settled) != 1 {
			t.Errorf("settled %v", l.order)
		}
	})
}

// Large is called once, before a large frame is read, and not in an ordinary session.
func TestLargeIsCalledBeforeALargeFrame(t *testing.T) {
	for size, want := range map[int]int{1 << 10: 0, 60 << 10: 0, 70 << 10: 1, 3 << 20: 1} {
		synctest.Test(t, func(t *testing.T) {
			e := newEndpoint(t, transporttest.Script{Features: pipelined, Flood: 2, FloodBytes: size})
			told := 0
			opt := transport.SessionOptions{Pipelined: true, Large: func() { told++ }}
			_, _ = run(t.Context(), connect(e, 0, 0), opt, newLedger(t, 3)) // more than 4 MiB of requests end it
			if told != want {
				t.Errorf("frames of %d bytes were announced %d times, want %d", size, told, want)
			}
			e.Close()
		})
	}
}
