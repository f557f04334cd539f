package transport

import (
	"errors"
	"time"
)

// The retry policy from one run to the next: how long runs do not connect to an endpoint after an
// error that will not go away within a minute.
const (
	// RateLimitBackoff is the first backoff after a rate limit, RefusedBackoff that after an
	// authentication or version error. Each further failure doubles it, up to MaxBackoff.
	RateLimitBackoff = 5 * time.Minute
	RefusedBackoff   = time.Minute
	MaxBackoff       = time.Hour
	// MaxRequestedBackoff bounds the backoff that an endpoint requests with retry_after_ms, jitter
	// included.
	MaxRequestedBackoff = 24 * time.Hour
	// RenewalBackoff is the first pause after a bundle of scripts could not be fetched. Each further failure doubles it,
	// up to MaxRenewalBackoff.
	RenewalBackoff    = time.Minute
	MaxRenewalBackoff = 6 * time.Hour
	// RenewalPause is how long an endpoint is not asked again that offers what this host does not take.
	RenewalPause = time.Hour
	// MaxFailures bounds [Backoff.Failures]; the backoff is at its maximum long before.
	MaxFailures = 1000
	// jitterPart is n: a backoff is lengthened at random by up to 1/n of it.
	jitterPart = 4
)

// A BackoffReason is the reason for a backoff. Its text is stored and is part of --json.
type BackoffReason string

// The reasons.
const (
	BackoffRateLimit BackoffReason = "rate_limit"
	BackoffAuth      BackoffReason = "authentication"
	BackoffVersion   BackoffReason = "version"
)

// String returns the reason for people.
func (r BackoffReason) String() string {
	switch r {
	case BackoffRateLimit:
		return "the endpoint's rate limit was reached"
	case BackoffAuth:
		return "the endpoint refused this agent"
	case BackoffVersion:
		return "the versions are incompatible"
	}
	return string(r)
}

// BackoffReasonOf returns the reason for a backoff after an error; empty where the next run should try again.
func BackoffReasonOf(err error) BackoffReason {
	switch {
	case errors.Is(err, ErrRateLimit):
		return BackoffRateLimit
	case errors.Is(err, ErrAuth):
		return BackoffAuth
	case errors.Is(err, ErrVersion):
		return BackoffVersion
	}
	return ""
}

// A Backoff is the time during which runs only collect and do not deliver. The zero value means
// no backoff.
type Backoff struct {
	// SinceMS and UntilMS bound it, ms since the epoch. A clock that was set back before SinceMS
	// ends it.
	SinceMS int64         `json:"since_ms"`
	UntilMS int64         `json:"until_ms"`
	Reason  BackoffReason `json:"reason"`
	// Failures counts consecutive failed attempts that delivered no result.
	Failures int `json:"times"`
	// Settings is the caller's hash of the settings that failed. Other settings are tried at once.
	Settings uint32 `json:"-"`
}

// Active reports whether a run at now with these settings must not deliver.
func (b Backoff) Active(now time.Time, settings uint32) bool {
	ms := now.UnixMilli()
	return b.UntilMS != 0 && b.SinceMS <= ms && ms < b.UntilMS &&
		b.UntilMS-b.SinceMS <= MaxRequestedBackoff.Milliseconds() && b.Settings == settings
}

// A Failure is an attempt that lengthens a [Backoff].
type Failure struct {
	At  time.Time
	Err error
	// Delivered means that the endpoint accepted results before it failed: the count starts again.
	Delivered bool
	// Manual means that a person asked for the attempt, which then does not make later runs wait
	// longer.
	Manual   bool
	Settings uint32
}

// Next returns the backoff after a failure; b itself if the error has no [BackoffReason]. random(n)
// must return a number in [0, n), so that hosts that failed at the same time do not all try again at
// the same time.
func (b Backoff) Next(f Failure, random func(int64) int64) Backoff {
	reason := BackoffReasonOf(f.Err)
	if reason == "" {
		return b
	}
	failures := b.Failures
	switch {
	case f.Delivered:
		failures = 1
	case !f.Manual || failures == 0:
		failures = min(failures+1, MaxFailures)
	}
	wait, jitter := ownBackoff(reason, failures)
	var e *Error
	if errors.As(f.Err, &e) && e.RetryAfterMS > 0 {
		wait = time.Duration(min(e.RetryAfterMS, MaxRequestedBackoff.Milliseconds())) * time.Millisecond
		jitter = min(wait/jitterPart, MaxBackoff/jitterPart, MaxRequestedBackoff-wait)
	}
	if jitter > 0 {
		wait += time.Duration(random(int64(jitter)))
	}
	return Backoff{
		SinceMS: f.At.UnixMilli(), UntilMS: f.At.Add(wait).UnixMilli(),
		Reason: reason, Failures: failures, Settings: f.Settings,
	}
}

// ownBackoff returns the backoff where the endpoint asks for none. Both together never exceed
// MaxBackoff.
func ownBackoff(reason BackoffReason, failures int) (wait, jitter time.Duration) {
	wait = RefusedBackoff
	if reason == BackoffRateLimit {
		wait = RateLimitBackoff
	}
	for n := 1; n < failures && wait < MaxBackoff; n++ {
		wait *= 2
	}
	jitter = min(wait, MaxBackoff) / jitterPart
	return min(wait, MaxBackoff-jitter), jitter
}

// RenewalBackoffAfter returns the pause after a number of failures in a row to fetch a bundle. requested is what the endpoint
// asks for; 0: nothing. random is as for [Backoff.Next].
func RenewalBackoffAfter(failures int, requested time.Duration, random func(int64) int64) time.Duration {
	wait := RenewalBackoff
	for n := 1; n < failures && wait < MaxRenewalBackoff; n++ {
		wait *= 2
	}
	wait = min(max(wait, requested), MaxRenewalBackoff)
	return wait + time.Duration(random(int64(wait/jitterPart)))
}
