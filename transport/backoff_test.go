package transport_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"virgo/transport"
)

var backoffStart = time.Unix(1_000_000, 0)

// wait gives the length of a backoff that starts at backoffStart.
func wait(b transport.Backoff) time.Duration { return time.UnixMilli(b.UntilMS).Sub(backoffStart) }

func noJitter(int64) int64 { return 0 }

func TestBackoffDoublesUpToAnHour(t *testing.T) {
	for _, tc := range []struct {
		err    error
		reason transport.BackoffReason
		want   []time.Duration // in minutes, without jitter
	}{
		{transport.ErrRateLimit, transport.BackoffRateLimit, []time.Duration{5, 10, 20, 40, 45, 45}},
		{transport.ErrAuth, transport.BackoffAuth, []time.Duration{1, 2, 4, 8, 16, 32, 45, 45}},
		{transport.ErrVersion, transport.BackoffVersion, []time.Duration{1, 2, 4, 8, 16, 32, 45, 45}},
	} {
		var b transport.Backoff
		for i, want := range tc.want {
			b = b.Next(transport.Failure{At: backoffStart, Err: fmt.Errorf("deliver: %w", tc.err)}, noJitter)
			if b.Reason != tc.reason || b.Failures != i+1 || b.SinceMS != backoffStart.UnixMilli() || wait(b) != want*time.Minute {
				t.Errorf("failure %d: %+v waits %v, want %v min", i+1, b, wait(b), int(want))
			}
		}
	}
}

func TestBackoffOnlyAfterRefusals(t *testing.T) {
	before := transport.Backoff{SinceMS: 1, UntilMS: 2, Reason: transport.BackoffAuth, Failures: 3, Settings: 4}
	for _, err := range []error{
		transport.ErrUnreachable, transport.ErrTLS, transport.ErrConnectionLost, transport.ErrProtocol, transport.ErrRefused,
		errors.New("spool is locked"), nil,
	} {
		if b := before.Next(transport.Failure{At: backoffStart, Err: err}, noJitter); b != before {
			t.Errorf("%v: %+v", err, b)
		}
	}
}

func TestBackoffJitterStaysWithinBounds(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	limit := &transport.EndingError{Kind: transport.ErrRateLimit, Cause: &transport.Error{Type: transport.TypeRateLimit}}
	for _, tc := range []struct {
		failures  int
		requested time.Duration
		low, high time.Duration
		distinct  int // of 1000
	}{
		{0, 0, 5 * time.Minute, 6*time.Minute + 15*time.Second, 900},
		{2, 0, 20 * time.Minute, 25 * time.Minute, 900},
		{20, 0, 45 * time.Minute, time.Hour, 900},
		{transport.MaxFailures, 0, 45 * time.Minute, time.Hour, 900},
		{0, time.Millisecond, time.Millisecond, time.Millisecond, 1},
		{0, 2 * time.Minute, 2 * time.Minute, 150 * time.Second, 900},
		{0, 20 * time.Hour, 20 * time.Hour, 20*time.Hour + 15*time.Minute, 900},
		{0, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour, 1},
		{0, 1000 * time.Hour, 24 * time.Hour, 24 * time.Hour, 1},
	} {
		seen := make(map[int64]bool)
		limit.Cause.RetryAfterMS = tc.requested.Milliseconds()
		for range 1000 {
			f := transport.Failure{At: backoffStart, Err: limit, Settings: 7}
			b := transport.Backoff{Failures: tc.failures}.Next(f, chance.Int64N)
			if w := wait(b); w < tc.low || w > tc.high || b.Failures < 1 || b.Failures > transport.MaxFailures || !b.Active(backoffStart, 7) {
				t.Fatalf("%+v: waits %v: %+v", tc, w, b)
			}
			seen[b.UntilMS] = true
		}
		if len(seen) < tc.distinct {
			t.Errorf("%+v: %d different times of 1000", tc, len(seen))
		}
	}
}

func TestWhatLengthensABackoff(t *testing.T) {
	next := func(failures int, f transport.Failure) transport.Backoff {
		f.At, f.Err = backoffStart, transport.ErrRateLimit
		return transport.Backoff{Failures: failures}.Next(f, noJitter)
	}
	for name, tc := range map[string]struct {
		got  transport.Backoff
		want int
	}{
		"a failure":                        {next(2, transport.Failure{}), 3},
		"a person's attempt":               {next(2, transport.Failure{Manual: true}), 2},
		"a person's attempt, the first":    {next(0, transport.Failure{Manual: true}), 1},
		"results were delivered before it": {next(9, transport.Failure{Delivered: true}), 1},
		"more than are counted":            {next(transport.MaxFailures, transport.Failure{}), transport.MaxFailures},
	} {
		if tc.got.Failures != tc.want {
			t.Errorf("%s: %d failures, want %d", name, tc.got.Failures, tc.want)
		}
	}
}

func TestWhenABackoffIsActive(t *testing.T) {
	since := backoffStart.UnixMilli()
	b := transport.Backoff{SinceMS: since, UntilMS: since + 1000, Settings: 7}
	tooLong := transport.Backoff{SinceMS: since, UntilMS: since + transport.MaxRequestedBackoff.Milliseconds() + 1, Settings: 7}
	longest := tooLong
	longest.UntilMS--
	for name, tc := range map[string]struct {
		b        transport.Backoff
		ms       int64
		settings uint32
		want     bool
	}{
		"zero":                   {transport.Backoff{}, 0, 0, false},
		"at its start":           {b, since, 7, true},
		"at its last ms":         {b, since + 999, 7, true},
		"at its end":             {b, since + 1000, 7, false},
		"clock before its start": {b, since - 1, 7, false},
		"other settings":         {b, since, 8, false},
		"as long as may be":      {longest, since, 7, true},
		"longer than may be":     {tooLong, since, 7, false},
	} {
		if got := tc.b.Active(time.UnixMilli(tc.ms), tc.settings); got != tc.want {
			t.Errorf("%s: active %v, want %v", name, got, tc.want)
		}
	}
}

func TestRenewalBackoff(t *testing.T) {
	least := func(int64) int64 { return 0 }
	most := func(n int64) int64 { return n - 1 }
	for _, tt := range []struct {
		failures  int
		requested time.Duration
		want      time.Duration
	}{
		{1, 0, time.Minute}, {2, 0, 2 * time.Minute}, {4, 0, 8 * time.Minute}, {100, 0, transport.MaxRenewalBackoff},
		{1, time.Hour, time.Hour}, {1, 1000 * time.Hour, transport.MaxRenewalBackoff}, {5, time.Minute, 16 * time.Minute},
	} {
		if got := transport.RenewalBackoffAfter(tt.failures, tt.requested, least); got != tt.want {
			t.Errorf("%d failures, %s requested: %s, want %s", tt.failures, tt.requested, got, tt.want)
		}
		if got := transport.RenewalBackoffAfter(tt.failures, tt.requested, most); got <= tt.want || got > tt.want*5/4 {
			t.Errorf("%d failures, %s requested: with jitter %s", tt.failures, tt.requested, got)
		}
	}
}
