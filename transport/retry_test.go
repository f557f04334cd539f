package transport_test

import (
	"context"
	"errors"
	"fmt"
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
