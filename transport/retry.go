package transport

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// RetryOptions say how patient a Retry is. The zero value waits about 1 s at first, then half as long
// again each time up to 30 s, until the context's time is up.
type RetryOptions struct {
	// Initial and Max are the first and the longest wait, each varied by half; zero means 1 s and 30 s.
	Initial, Max time.Duration
	// Attempts bounds how often op is tried; zero leaves it to the context.
	Attempts int
	// Notify is called before each wait, with the error that made it necessary; may be nil.
	Notify func(err error, wait time.Duration)
}

// Retry calls op until it succeeds, fails for good, or another attempt has no place in the context's
// time. What may pass by itself is tried again: [ErrUnreachable], [ErrCut], and [ErrRefused] of code 500
// and above. Everything else, of this package or not, is final at once.
//
// The error is op's own last one, never one of the waiting. Where the context ended it is that too, to
// errors.Is. With a context that has ended already, op is not called.
func Retry(ctx context.Context, opt RetryOptions, op func(ctx context.Context) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	waits := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(positive(opt.Initial, time.Second)),
		backoff.WithMaxInterval(positive(opt.Max, 30*time.Second)),
		backoff.WithMaxElapsedTime(0)) // the context's deadline is the only one
	var last error
	attempts := 0
	err := backoff.RetryNotify(func() error {
		attempts++
		last = op(ctx)
		if last != nil && (!MayPass(last) || attempts == opt.Attempts) {
			return backoff.Permanent(last)
		}
		return last
	}, backoff.WithContext(inTime{waits, ctx}, ctx), func(err error, wait time.Duration) {
		if opt.Notify != nil {
			opt.Notify(err, wait)
		}
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && !errors.Is(last, context.Cause(ctx)):
		return fmt.Errorf("%w (%w)", last, context.Cause(ctx))
	}
	return last
}

func positive(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// inTime stops where the next wait would outlast the context: waiting for that brings nothing.
type inTime struct {
	backoff.BackOff
	ctx context.Context
}

func (b inTime) NextBackOff() time.Duration {
	wait := b.BackOff.NextBackOff()
	if deadline, ok := b.ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return backoff.Stop
	}
	return wait
}

// MayPass says whether an error may pass by itself within a run, so that Retry tries again.
func MayPass(err error) bool {
	var dial *DialError
	if errors.As(err, &dial) { // any endpoint will do
		return slices.ContainsFunc(dial.Attempts, func(a Attempt) bool { return MayPass(a.Err) })
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
	return errors.Is(err, ErrUnreachable) || errors.Is(err, ErrCut)
}
