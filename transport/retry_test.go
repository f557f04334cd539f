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

func TestRetryRepeatsWhatMayPass(t *testing.T) {
	for _, kind := range []error{
		transport.ErrUnreachable,
		transport.ErrCut,
		fmt.Errorf("%w: %w", transport.ErrRefused, &transport.Error{Code: 503}),
		&transport.DialError{Attempts: []transport.Attempt{{Endpoint: "a:1", Err: transport.ErrTLS}, {Endpoint: "b:1", Err: transport.ErrUnreachable}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			calls, told := 0, 0
			opt := transport.RetryOptions{Notify: func(err error, wait time.Duration) {
				told++
				if !errors.Is(err, kind) || wait <= 0 || wait > 45*time.Second {
					t.Errorf("told %v, %v", err, wait)
				}
			}}
			start := time.Now()
			err := transport.Retry(t.Context(), opt, func(context.Context) error {
				if calls++; calls < 4 {
					return fmt.Errorf("attempt %d: %w", calls, kind)
				}
				return nil
			})
			if err != nil || calls != 4 || told != 3 || time.Since(start) < time.Second {
				t.Fatal(err, calls, told, time.Since(start))
			}
		})
	}
}

func TestRetryGivesUpAtOnce(t *testing.T) {
	for _, kind := range []error{
		transport.ErrAuth, transport.ErrVersion, transport.ErrRateLimit, transport.ErrProtocol, transport.ErrTLS, transport.ErrNoEndpoint,
		fmt.Errorf("%w: %w", transport.ErrRefused, &transport.Error{Code: 400}),
		fmt.Errorf("%w: %w", transport.ErrCut, transport.ErrProtocol),
		errors.New("spool is locked"),
	} {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			want := fmt.Errorf("deliver: %w", kind)
			start := time.Now()
			err := transport.Retry(t.Context(), transport.RetryOptions{}, func(context.Context) error { calls++; return want })
			if err != want || calls != 1 || time.Since(start) != 0 {
				t.Fatal(err, calls)
			}
		})
	}
}

func TestRetryReportsTheRealLastError(t *testing.T) {
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
			err := transport.Retry(ctx, transport.RetryOptions{}, failing(&calls))
			if !errors.Is(err, transport.ErrUnreachable) || calls < 3 || err.Error() != fmt.Sprintf("attempt %d: endpoint unreachable", calls) {
				t.Fatal(err, calls)
			}
			if ctx.Err() != nil {
				t.Error("it waited for the deadline in vain")
			}
		})
	})
	t.Run("cancelled while waiting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			calls := 0
			err := transport.Retry(ctx, transport.RetryOptions{}, failing(&calls))
			if !errors.Is(err, transport.ErrUnreachable) || !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "attempt 1: ") {
				t.Fatal(err, calls)
			}
		})
	})
	t.Run("deadline within an attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := transport.Retry(ctx, transport.RetryOptions{}, func(ctx context.Context) error {
				<-ctx.Done()
				return transport.ErrCut
			})
			if !errors.Is(err, transport.ErrCut) || !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
		})
	})
	t.Run("cancelled before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		calls := 0
		if err := transport.Retry(ctx, transport.RetryOptions{}, failing(&calls)); !errors.Is(err, context.Canceled) || calls != 0 {
			t.Fatal(err, calls)
		}
	})
	t.Run("attempts are up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			err := transport.Retry(t.Context(), transport.RetryOptions{Attempts: 3}, failing(&calls))
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
			transport.Retry(ctx, transport.RetryOptions{Max: time.Minute}, failing(&calls))
			if calls < 40 { // the library's own budget would have ended it after 15 minutes
				t.Fatal(calls)
			}
		})
	})
}
