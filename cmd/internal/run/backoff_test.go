package run

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"virgo/cmd/internal/link"
	"virgo/transport"
	"virgo/transport/transporttest"
)

var (
	badToken = transporttest.Script{HelloError: &transport.Error{Code: 401, Message: "another token"}}
	tooOld   = transporttest.Script{HelloError: &transport.Error{Code: 400, Message: "Agent version 0 is too old"}}
	limited  = transporttest.Script{
		HelloError: &transport.Error{Code: 400, Message: "later", Type: transport.TypeRateLimit},
	}
	away = transporttest.Script{Refuse: true}
)

// everyMinute runs once a minute for that long, and returns the minutes in which the endpoint was
// tried.
func (b *bench) everyMinute(minutes int) (tried []int) {
	b.t.Helper()
	for m := range minutes {
		if rep := b.run(); !errors.Is(rep.Delivery.Err, link.ErrBackoff) {
			tried = append(tried, m)
		}
		b.clock = b.clock.Add(time.Minute)
	}
	return tried
}

func TestRateLimitBackoff(t *testing.T) {
	b := newBench(t, transporttest.Script{Schedule: scheduleOf("a"), RateLimitAt: 1})
	if rep := b.run(); !errors.Is(rep.Delivery.Err, transport.ErrRateLimit) {
		t.Fatalf("%+v", rep.Delivery)
	}
	sessions := b.endpoint.Sessions()
	b.endpoint.Set(transporttest.Script{Schedule: scheduleOf("a")})
	b.clock = b.clock.Add(time.Minute)
	rep := b.run()
	if !errors.Is(rep.Delivery.Err, link.ErrBackoff) || b.endpoint.Sessions() != sessions || rep.Kept != 1 {
		t.Errorf("tried again: %+v", rep)
	}
	b.clock = b.clock.Add(transport.RateLimitBackoff - time.Minute)
	if rep := b.run(); rep.Delivery.Err != nil || b.waiting() != 0 || len(b.storedChecks()) != 3 {
		t.Errorf("%+v, %d wait", rep.Delivery, b.waiting())
	}
	if len(b.notices) != 2 {
		t.Errorf("notices %q, want one when it starts and one when it ends", b.notices)
	}
	if st, err := b.State(t.Context()); err != nil || st.Backoff != (transport.Backoff{}) || st.Reported != "" {
		t.Errorf("after a success: %+v, %v", st.Status, err)
	}
}

// An error that does not pass by itself is retried less and less often, reported once, and loses
// nothing.
func TestBackoffGrows(t *testing.T) {
	for name, tc := range map[string]struct {
		script transporttest.Script
		tried  []int // minutes of four hours
	}{
		"token":   {badToken, []int{0, 1, 3, 7, 15, 31, 63, 108}},
		"version": {tooOld, []int{0, 1, 3, 7, 15, 31, 63, 108}},
		"limit":   {limited, []int{0, 5, 15, 35, 75, 120}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, transporttest.Script{Schedule: scheduleOf("a")})
			b.run()
			b.notices = nil
			b.clock = b.clock.Add(time.Minute)
			b.endpoint.Set(tc.script)
			const minutes = 4 * 60
			tried := b.everyMinute(minutes)
			for last := tc.tried[len(tc.tried)-1]; last+45 < minutes; last += 45 {
				// At most an hour apart, of which a quarter is the jitter that this test leaves out.
				tc.tried = append(tc.tried, last+45)
			}
			if len(tried) != len(tc.tried) {
				t.Fatalf("tried in the minutes %v, want %v", tried, tc.tried)
			}
			for i := range tried {
				if tried[i] != tc.tried[i] {
					t.Fatalf("tried in the minutes %v, want %v", tried, tc.tried)
				}
			}
			if b.waiting() != minutes {
				t.Errorf("%d results are kept, want %d", b.waiting(), minutes)
			}
			if len(b.notices) != 1 || !strings.Contains(b.notices[0], "or at once with virgo flush") {
				t.Errorf("notices %q", b.notices)
			}
			b.endpoint.Set(transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
			if d, err := b.Flush(t.Context()); err != nil || d.Err != nil || b.waiting() != 0 {
				t.Fatalf("flush tries at once: %+v, %v", d, err)
			}
			if len(b.notices) != 2 {
				t.Errorf("notices %q", b.notices)
			}
			if got := len(b.storedChecks()); got != minutes+1 {
				t.Errorf("%d results are stored", got)
			}
		})
	}
}

func TestBackoffThatTheEndpointAsksFor(t *testing.T) {
	for named, want := range map[time.Duration]time.Duration{
		5 * time.Minute:  5 * time.Minute,
		17 * time.Minute: 17 * time.Minute,
		6 * time.Hour:    6 * time.Hour,
		1000 * time.Hour: transport.MaxRequestedBackoff,
	} {
		b := newBench(t, transporttest.Script{HelloError: &transport.Error{
			Code: 400, Type: transport.TypeRateLimit, RetryAfterMS: named.Milliseconds(),
		}})
		b.run()
		st, err := b.State(t.Context())
		if err != nil || st.Backoff.UntilMS != b.clock.Add(want).UnixMilli() {
			t.Errorf("named %v: %+v, %v", named, st.Backoff, err)
		}
		b.clock = b.clock.Add(want - transport.MaxBusyPause) // a run has less time left
		if rep := b.run(); !errors.Is(rep.Delivery.Err, link.ErrBackoff) {
			t.Errorf("named %v: %+v", named, rep.Delivery)
		}
		b.clock = b.clock.Add(transport.MaxBusyPause)
		if rep := b.run(); errors.Is(rep.Delivery.Err, link.ErrBackoff) {
			t.Errorf("named %v: %+v", named, rep.Delivery)
		}
	}
}

// A person who corrects the settings does not wait for the backoff of the wrong ones.
func TestOtherSettingsEndTheBackoff(t *testing.T) {
	for name, change := range map[string]func(*bench){
		"token":               func(b *bench) { b.Token = func() (string, error) { return "T2", nil } },
		"version":             func(b *bench) { b.Version = "1" },
		"agent id":            func(b *bench) { b.ID = "web-2" },
		"endpoint":            func(b *bench) { b.Endpoints = append(b.Endpoints, "127.0.0.1:1") },
		"a clock set back":    func(b *bench) { b.clock = b.clock.Add(-24 * time.Hour) },
		"a clock far ahead":   func(b *bench) { b.clock = b.clock.AddDate(30, 0, 0) },
		"an unreadable token": func(b *bench) { b.Token = func() (string, error) { return "", errors.New("no such file") } },
	} {
		b := newBench(t, badToken)
		b.run()
		if rep := b.run(); !errors.Is(rep.Delivery.Err, link.ErrBackoff) {
			t.Fatalf("%s: no backoff: %+v", name, rep.Delivery)
		}
		change(b)
		if rep := b.run(); errors.Is(rep.Delivery.Err, link.ErrBackoff) || rep.Delivery.Err == nil {
			t.Errorf("%s: %+v", name, rep.Delivery)
		}
	}
}

func TestEachKindOfFailureIsReportedOnce(t *testing.T) {
	b := newBench(t, away)
	for _, script := range []transporttest.Script{away, badToken, away, badToken, limited, tooOld, limited, away} {
		b.endpoint.Set(script)
		if _, err := b.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.notices) != 4 {
		t.Errorf("notices %q: want one for the network, the token, the rate limit and the version", b.notices)
	}
	b.endpoint.Set(transporttest.Script{})
	b.clock = b.clock.Add(3 * time.Hour)
	b.run()
	if len(b.notices) != 5 || !strings.HasPrefix(b.notices[4], "delivery works again after 3h") {
		t.Errorf("notices %q", b.notices)
	}
}

// A person who looks for the fault does not make the runs wait longer.
func TestManualFlushDoesNotLengthenTheBackoff(t *testing.T) {
	b := newBench(t, badToken)
	b.run()
	for range 10 {
		if _, err := b.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if st, err := b.State(t.Context()); err != nil || st.Backoff.Failures != 1 {
		t.Errorf("flushes count: %+v, %v", st.Backoff, err)
	}
}

// An unreachable endpoint is tried by every run.
func TestUnreachableEndpointStartsNoBackoff(t *testing.T) {
	b := newBench(t, away)
	b.run()
	st, err := b.State(context.Background())
	if err != nil || st.Backoff != (transport.Backoff{}) || st.FailingSinceMS == 0 {
		t.Errorf("%+v, %v", st.Status, err)
	}
}
