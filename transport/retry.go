package transport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
	// BusyAttempts is how many more sessions a delivery may take when endpoints ask it to come back later,
	// MaxBusyPause the longest time that it waits for this.
	BusyAttempts = 3
	MaxBusyPause = time.Minute
	// LossReportPause is the time for which a loss report that an endpoint refused is not sent to it
	// again.
	LossReportPause = 24 * time.Hour

	// Between two attempts: the first pause, the longest, the growth, and the part of a pause by
	// which it varies at random in both directions.
	firstPause   = time.Second
	longestPause = 30 * time.Second
	pauseGrowth  = 1.5
	pauseJitter  = 0.5

	// A pause that an endpoint asks for is lengthened at random by up to 1/busyJitterPart of it, and must
	// leave busyReserve of the run for the session after it.
	busyJitterPart = 8
	busyReserve    = 5 * time.Second
)

// Attempts are those of a delivery within one run.
type Attempts struct {
	// Most is how often it is tried; 0: as often as there is time.
	Most int
	// Busy is called before each pause that the endpoint asks for. Such attempts do not count as Most, but as
	// BusyAttempts. nil: a rate limit is final.
	Busy func(pause time.Duration)
}

// Retry is [Attempts.Retry] with rate limits that are final.
func Retry(ctx context.Context, attempts int, op func(ctx context.Context) error) error {
	return Attempts{Most: attempts}.Retry(ctx, op)
}

// Retry calls op until it succeeds, fails for good, was called often enough, or the next pause would
// outlast the context. An error that neither [Temporary] nor [RequestedPause] reports is final.
//
// It returns op's last error. If the context has ended, errors.Is also finds the context's error in
// it. If the context had ended before, op is not called.
func (a Attempts) Retry(ctx context.Context, op func(ctx context.Context) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	next := &pauses{ctx: ctx, BackOff: backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstPause),
		backoff.WithMaxInterval(longestPause),
		backoff.WithMultiplier(pauseGrowth),
		backoff.WithRandomizationFactor(pauseJitter),
		backoff.WithMaxElapsedTime(0))} // the context's deadline is the only one
	var last error
	calls, busy := 0, 0
	err := backoff.Retry(func() error {
		last = op(ctx)
		if pause, ok := RequestedPause(last); ok && a.Busy != nil && busy < BusyAttempts {
			pause = max(pause, firstPause)
			pause += rand.N(min(pause/busyJitterPart, max(0, MaxBusyPause-pause)) + 1)
			if FitsRun(ctx, pause) {
				busy++
				next.requested = pause
				a.Busy(pause)
				return last
			}
		}
		calls++
		if last != nil && (!Temporary(last) || calls == a.Most) {
			return backoff.Permanent(last)
		}
		return last
	}, backoff.WithContext(next, ctx))
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && !errors.Is(last, context.Cause(ctx)):
		return fmt.Errorf("%w (%w)", last, context.Cause(ctx))
	}
	return last
}

// pauses are those between attempts: the one that the endpoint asks for, else that of the policy. They stop
// instead of a pause that would outlast the context.
type pauses struct {
	backoff.BackOff
	ctx       context.Context
	requested time.Duration // 0: none
}

func (p *pauses) NextBackOff() time.Duration {
	if pause := p.requested; pause > 0 {
		p.requested = 0
		return pause
	}
	pause := p.BackOff.NextBackOff()
	if deadline, ok := p.ctx.Deadline(); ok && time.Until(deadline) <= pause {
		return backoff.Stop
	}
	return pause
}

// RequestedPause returns how long a busy endpoint asks to wait; false for every other error, and where it
// does not say how long.
func RequestedPause(err error) (time.Duration, bool) {
	var e *Error
	if !errors.Is(err, ErrRateLimit) || !errors.As(err, &e) || e.RetryAfterMS <= 0 {
		return 0, false
	}
	return time.Duration(min(e.RetryAfterMS, MaxRequestedBackoff.Milliseconds())) * time.Millisecond, true
}

// FitsRun reports whether a pause that an endpoint asked for leaves time for a session within the run that
// ends with ctx.
func FitsRun(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return pause <= MaxBusyPause && (!ok || time.Until(deadline) > pause+busyReserve)
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
