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
)

func TestRetryPausesAfterTemporaryErrors(t *testing.T) {
	for _, kind := range []error{
		transport.ErrUnreachable,
		transport.ErrConnectionLost,
		fmt.Errorf("%w: %w", transport.ErrRefused, &transport.Error{Code: 500}),
		fmt.Errorf("%w: %w", transport.ErrRefused, &transport.Error{Code: 503}),
		&transport.DialError{Attempts: []transport.Attempt{{Endpoint: "a:1", Err: transport.ErrTLS}, {Endpoint: "b:1", Err: transport.ErrUnreachable}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var calls []time.Time
			err := transport.Retry(t.Context(), 0, func(context.Context) error {
				if calls = append(calls, time.Now()); len(calls) < 12 {
					return fmt.Errorf("attempt %d: %w", len(calls), kind)
				}
				return nil
			})
			if err != nil || len(calls) != 12 {
				t.Fatal(err, len(calls))
			}
			base := time.Second // the documented pauses: from 1 s, half as long again each time, up to 30 s
			for i := range len(calls) - 1 {
				pause := calls[i+1].Sub(calls[i])
				if pause < base/2-time.Millisecond || pause > base*3/2+time.Millisecond {
					t.Errorf("pause %d is %v, want %v give or take half", i+1, pause, base)
				}
				base = min(base*3/2, 30*time.Second)
			}
		})
	}
}

func TestRetryStopsAtFinalErrors(t *testing.T) {
	for _, kind := range []error{
		transport.ErrAuth, transport.ErrVersion, transport.ErrRateLimit, transport.ErrProtocol, transport.ErrTLS, transport.ErrNoEndpoint,
		fmt.Errorf("%w: %w", transport.ErrRefused, &transport.Error{Code: 400}),
		fmt.Errorf("%w: %w", transport.ErrRefused, &transport.Error{Code: 499}),
		fmt.Errorf("%w: %w", transport.ErrConnectionLost, transport.ErrProtocol),
		errors.New("spool is locked"),
	} {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			want := fmt.Errorf("deliver: %w", kind)
			start := time.Now()
			err := transport.Retry(t.Context(), 0, func(context.Context) error { calls++; return want })
			if err != want || calls != 1 || time.Since(start) != 0 {
				t.Fatal(err, calls)
			}
		})
	}
}

func TestRetryReturnsTheLastRealError(t *testing.T) {
	failing := func(calls *int) func(context.Context) error {
		return func(context.Context) error {
			*calls++
			return fmt.Errorf("attempt %d: %w", *calls, transport.ErrUnreachable)
		}
	}
	t.Run("no time for another", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			calls := 0
			err := transport.Retry(ctx, 0, failing(&calls))
			if !errors.Is(err, transport.ErrUnreachable) || calls < 3 || err.Error() != fmt.Sprintf("attempt %d: endpoint unreachable", calls) {
				t.Fatal(err, calls)
			}
			if ctx.Err() != nil {
				t.Error("it waited for the deadline")
			}
		})
	})
	t.Run("cancelled while waiting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			calls := 0
			err := transport.Retry(ctx, 0, failing(&calls))
			if !errors.Is(err, transport.ErrUnreachable) || !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "attempt 1: ") {
				t.Fatal(err, calls)
			}
		})
	})
	t.Run("deadline within an attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := transport.Retry(ctx, 0, func(ctx context.Context) error {
				<-ctx.Done()
				return transport.ErrConnectionLost
			})
			if !errors.Is(err, transport.ErrConnectionLost) || !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		})
	})
	t.Run("cancelled before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		calls := 0
		if err := transport.Retry(ctx, 0, failing(&calls)); !errors.Is(err, context.Canceled) || calls != 0 {
			t.Fatal(err, calls)
		}
	})
	t.Run("attempts are up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			err := transport.Retry(t.Context(), 3, failing(&calls))
			if calls != 3 || err.Error() != "attempt 3: endpoint unreachable" {
				t.Fatal(err, calls)
			}
		})
	})
	t.Run("no end but the context's", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			calls := 0
			transport.Retry(ctx, 0, failing(&calls))
			if calls < 40 { // the library's own budget would have ended it after 15 minutes
				t.Fatal(calls)
			}
		})
	})
}

func rateLimited(after time.Duration) error {
	return &transport.EndingError{Kind: transport.ErrRateLimit, Cause: &transport.Error{
		Code: 503, Message: "busy", Type: transport.TypeRateLimit, RetryAfterMS: after.Milliseconds(),
	}}
}

// A busy endpoint names the pause, which is kept, with little jitter, as long as the run has time for it.
func TestRetryWaitsForABusyEndpoint(t *testing.T) {
	for name, c := range map[string]struct {
		asked    []time.Duration // by one answer after the other; then the endpoint accepts
		deadline time.Duration
		calls    int
		ok       bool
	}{
		"once":                     {[]time.Duration{20 * time.Second}, 50 * time.Second, 2, true},
		"twice":                    {[]time.Duration{20 * time.Second, 10 * time.Second}, 50 * time.Second, 3, true},
		"at once":                  {[]time.Duration{time.Millisecond}, 50 * time.Second, 2, true},
		"without a deadline":       {[]time.Duration{time.Minute}, 0, 2, true},
		"too long for the run":     {[]time.Duration{45 * time.Second}, 50 * time.Second, 1, false},
		"too long for the rest":    {[]time.Duration{30 * time.Second, 20 * time.Second}, 50 * time.Second, 2, false},
		"too long for any run":     {[]time.Duration{61 * time.Second}, time.Hour, 1, false},
		"longer than a day":        {[]time.Duration{1000 * time.Hour}, 0, 1, false},
		"again and again":          {[]time.Duration{1, 1, 1, 1, 1, 1}, time.Hour, 1, false}, // less than 1 ms is none
		"again and again, a while": {slices.Repeat([]time.Duration{2 * time.Second}, 9), time.Hour, 1 + transport.BusyAttempts, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				calls := 0
				last := time.Now()
				var told time.Duration
				err := transport.Attempts{Most: 1, Busy: func(d time.Duration) { told = d }}.Retry(ctx, func(context.Context) error {
					if calls > 0 {
						asked, took := max(c.asked[calls-1], time.Second), time.Since(last)
						if took != told || took < asked || took > asked*9/8+1 {
							t.Errorf("waited %v, said %v, asked for %v", took, told, asked)
						}
					}
					last = time.Now()
					if calls++; calls > len(c.asked) {
						return nil
					}
					return fmt.Errorf("delivering: %w", rateLimited(c.asked[calls-1]))
				})
				if calls != c.calls || c.ok != (err == nil) || !c.ok && !errors.Is(err, transport.ErrRateLimit) {
					t.Errorf("%d calls, %v", calls, err)
				}
			})
		})
	}
}

func TestBusyErrorNamesTheTime(t *testing.T) {
	if got, want := rateLimited(42*time.Second).Error(), `rate limit reached: error 503: "busy", try again in 42s`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, ok := transport.RequestedPause(&transport.EndingError{Kind: transport.ErrRefused, Cause: &transport.Error{RetryAfterMS: 9}}); ok {
		t.Error("an error of another kind asks for a pause")
	}
}
