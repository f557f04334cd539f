package run

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/internal/link"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// busyFor is an endpoint that refuses hello and asks to come back after that time.
func busyFor(d time.Duration) transporttest.Script {
	return transporttest.Script{Features: modern, HelloError: &transport.Error{
		Code: 503, Message: "too many agents", Type: transport.TypeRateLimit, RetryAfterMS: d.Milliseconds(),
	}}
}

// withRealClock runs fn with an agent whose clock is the bubble's.
func withRealClock(t *testing.T, fn func(t *testing.T, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := newPipeBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
		defer b.endpoint.Close()
		b.clock = time.Now()
		b.Now = time.Now
		b.run()
		time.Sleep(time.Minute - time.Since(b.clock))
		fn(t, b)
	})
}

// runIn is a run with that deadline.
func (b *bench) runIn(limit time.Duration) Report {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	rep, err := b.Run(ctx, Options{Deliver: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return rep
}

// An endpoint that is busy for less than the run has left is waited for: nobody hears of it.
func TestRunWaitsForABusyEndpoint(t *testing.T) {
	withRealClock(t, func(t *testing.T, b *bench) {
		b.endpoint.Set(busyFor(20 * time.Second))
		over := time.AfterFunc(10*time.Second, func() {
			b.endpoint.Set(transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
		})
		defer over.Stop()
		start := time.Now()
		rep := b.runIn(50 * time.Second)
		if took := time.Since(start); rep.Delivery.Err != nil || took < 20*time.Second || took > 23*time.Second {
			t.Errorf("%+v after %v", rep.Delivery, took)
		}
		if len(b.notices) > 0 || b.waiting() != 0 || len(b.storedChecks()) != 2 {
			t.Errorf("notices %q, %d wait", b.notices, b.waiting())
		}
		st, err := b.State(t.Context())
		if err != nil || st.FailingSinceMS != 0 || st.Backoff != (transport.Backoff{}) {
			t.Errorf("%+v, %v", st.Status, err)
		}
	})
}

// Where the pause reaches into the next run, that one waits for the rest of it and delivers. It is tried as
// often as after a success.
func TestNextRunWaitsForTheRestOfABusyPause(t *testing.T) {
	withRealClock(t, func(t *testing.T, b *bench) {
		b.endpoint.Set(busyFor(58 * time.Second))
		start := time.Now()
		rep := b.runIn(50 * time.Second)
		if took := time.Since(start); !errors.Is(rep.Delivery.Err, transport.ErrRateLimit) || took > 2*time.Second ||
			!strings.Contains(rep.Delivery.Err.Error(), "try again in 58s") || rep.Delivery.Noticed {
			t.Errorf("%+v after %v", rep.Delivery, took)
		}
		until := start.Add(58 * time.Second) // Random adds nothing here
		b.endpoint.Set(transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
		time.Sleep(time.Until(start.Add(50 * time.Second)))
		if rep := b.runIn(50 * time.Second); rep.Delivery.Err != nil || time.Now().Before(until) || time.Since(until) > time.Second {
			t.Errorf("%+v, %v after the pause", rep.Delivery, time.Since(until))
		}
		if len(b.notices) > 0 || b.waiting() != 0 {
			t.Errorf("notices %q, %d wait", b.notices, b.waiting())
		}
	})
}

// What does not fit is left to a later run, at once; an endpoint that stays busy is told of in the third run.
func TestEndpointThatStaysBusyIsReported(t *testing.T) {
	withRealClock(t, func(t *testing.T, b *bench) {
		b.endpoint.Set(busyFor(40 * time.Second))
		for minute := range 5 {
			start, sessions := time.Now(), b.endpoint.Sessions()
			rep := b.runIn(50 * time.Second)
			if rep.Delivery.Err == nil {
				t.Fatalf("%+v", rep.Delivery)
			}
			if n := b.endpoint.Sessions() - sessions; n > 1+transport.BusyAttempts {
				t.Errorf("minute %d: %d sessions", minute, n)
			}
			if told := len(b.notices) > 0; told != (minute >= 2) {
				t.Errorf("minute %d: notices %q", minute, b.notices)
			}
			time.Sleep(time.Until(start.Add(time.Minute)))
		}
		if len(b.notices) != 1 || !strings.Contains(b.notices[0], "rate limit reached") {
			t.Errorf("notices %q", b.notices)
		}
		b.endpoint.Set(transporttest.Script{Features: modern, Schedule: scheduleOf("a")})
		if rep := b.runIn(50 * time.Second); rep.Delivery.Err != nil || b.waiting() != 0 {
			t.Errorf("%+v, %d wait", rep.Delivery, b.waiting())
		}
		if len(b.notices) != 2 || !strings.HasPrefix(b.notices[1], "delivery works again") {
			t.Errorf("notices %q", b.notices)
		}
	})
}

// A rate limit in the middle of a delivery: what was acknowledged is settled, and the rest follows after the
// pause, in the same run.
func TestRunGoesOnAfterARateLimit(t *testing.T) {
	withRealClock(t, func(t *testing.T, b *bench) {
		b.backlog(200)
		b.endpoint.Set(transporttest.Script{Features: modern, Schedule: scheduleOf("a"), RateLimitAt: 2, RetryAfterMS: 3000})
		rep := b.runIn(50 * time.Second)
		if rep.Delivery.Err != nil && !errors.Is(rep.Delivery.Err, transport.ErrRateLimit) || rep.Delivery.Delivered < 100 {
			t.Errorf("%+v", rep.Delivery)
		}
		if n := b.endpoint.Sessions(); n != 2+transport.BusyAttempts {
			t.Errorf("%d sessions", n)
		}
		if got := b.storedChecks(); uint64(len(got))+b.waiting() != 202 {
			t.Errorf("%d are stored, %d wait", len(got), b.waiting())
		}
	})
}

// A person's flush is tried at once, waits in turn, and says so.
func TestFlushSaysThatTheEndpointIsBusy(t *testing.T) {
	withRealClock(t, func(t *testing.T, b *bench) {
		b.backlog(3)
		b.endpoint.Set(busyFor(20 * time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		d, err := b.Flush(ctx)
		if err != nil || !errors.Is(d.Err, transport.ErrRateLimit) || len(b.notices) != 2 ||
			!strings.HasPrefix(b.notices[0], "the endpoint is busy: trying again in 2") {
			t.Errorf("%+v, %v, notices %q", d, err, b.notices)
		}
		if _, blocked := b.State(t.Context()); blocked != nil {
			t.Error(blocked)
		}
	})
}

// Ctrl-C ends the wait for the rest of a pause.
func TestInterruptedWait(t *testing.T) {
	withRealClock(t, func(t *testing.T, b *bench) {
		b.endpoint.Set(busyFor(58 * time.Second))
		b.runIn(50 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute+30*time.Second)
		time.AfterFunc(5*time.Second, cancel)
		time.Sleep(50 * time.Second)
		start := time.Now()
		rep, err := b.Run(ctx, Options{Deliver: true})
		if err != nil && !errors.Is(err, context.Canceled) || err == nil && !errors.Is(rep.Delivery.Err, link.ErrBackoff) {
			t.Errorf("%+v, %v", rep.Delivery, err)
		}
		if time.Since(start) > 5*time.Second {
			t.Errorf("took %v", time.Since(start))
		}
	})
}
