package transport

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// The retry policy within a run. [Backoff] is the policy from one run to the next.
const (
	// ConnectTimeout bounds one attempt to connect, name lookup and TLS handshake included, where a
	// [Dialer] sets no other. Each endpoint is tried once per session.
	ConnectTimeout = 10 * time.Second
	// DeliveryAttempts is how many sessions a delivery may take.
	DeliveryAttempts = 3
	// DeliveryAttemptsFailing replaces it while deliveries fail: the next run is the next attempt.
	DeliveryAttemptsFailing = 1
	// BundleAttempts is how many sessions the delivery of a bundle may take.
	BundleAttempts = 3
	// LossReportPause is the time for which a loss report that an endpoint refused is not sent to it
	// again.
	LossReportPause = 24 * time.Hour

	// Between two attempts: the first pause, the longest, the growth, and the part of a pause by
	// which it varies at random in both directions.
	firstPause   = time.Second
	longestPause = 30 * time.Second
	pauseGrowth  = 1.5
	pauseJitter  = 0.5
)

// Retry calls op until it succeeds, fails for good, was called attempts times (zero: no such
// bound), or the next pause would outlast the context. An error that [Temporary] does not report is
// final.
//
// It returns op's last error. If the context has ended, errors.Is also finds the context's error in
// it. If the context had ended before, op is not called.
func Retry(ctx context.Context, attempts int, op func(ctx context.Context) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	pauses := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstPause),
		backoff.WithMaxInterval(longestPause),
		backoff.WithMultiplier(pauseGrowth),
		backoff.WithRandomizationFactor(pauseJitter),
		backoff.WithMaxElapsedTime(0)) // the context's deadline is the only one
	var last error
	calls := 0
	err := backoff.Retry(func() error {
		calls++
		last = op(ctx)
		if last != nil && (!Temporary(last) || calls == attempts) {
			return backoff.Permanent(last)
		}
		return last
	}, backoff.WithContext(untilDeadline{pauses, ctx}, ctx))
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && !errors.Is(last, context.Cause(ctx)):
		return fmt.Errorf("%w (%w)", last, context.Cause(ctx))
	}
	return last
}

// untilDeadline stops instead of a pause that would outlast the context.
type untilDeadline struct {
	backoff.BackOff
	ctx context.Context
}

func (b untilDeadline) NextBackOff() time.Duration {
	pause := b.BackOff.NextBackOff()
	if deadline, ok := b.ctx.Deadline(); ok && time.Until(deadline) <= pause {
		return backoff.Stop
	}
	return pause
}

// Temporary reports whether another attempt within the same run may succeed: after
// [ErrUnreachable], [ErrConnectionLost], and [ErrRefused] with code 500 or above.
func Temporary(err error) bool {
	var dial *DialError
	if errors.As(err, &dial) { // one endpoint is enough
		return slices.ContainsFunc(dial.Attempts, func(a Attempt) bool { return Temporary(a.Err) })
	}
	var proxy *ProxyError
	if errors.As(err, &proxy) && proxy.final {
		return false
	}
	for _, final := range [...]error{ErrAuth, ErrVersion, ErrRateLimit, ErrProtocol} {
		if errors.Is(err, final) {
			return false
		}
	}
	var e *Error
	if errors.Is(err, ErrRefused) && errors.As(err, &e) {
		return e.Code >= CodeInternal
	}
	return errors.Is(err, ErrUnreachable) || errors.Is(err, ErrConnectionLost)
}
