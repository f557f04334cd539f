package link

import (
	"context"
	"time"

	"virgo/transport"
)

const (
	// quietRuns is the number of consecutive runs that a busy endpoint may refuse before a line is printed:
	// it is expected to serve this host within a minute or two.
	quietRuns = 2
	// busyTime is how long after a backoff for a rate limit an endpoint that fails counts as busy.
	busyTime = 2 * time.Minute
)

// Await returns why this session must not be opened now, as [Session.Blocked] does. A backoff that a busy
// endpoint asked for is waited for, if it ends within this run.
func (s *Session) Await(ctx context.Context) *BackoffError {
	blocked := s.Blocked()
	if blocked == nil || blocked.Reason != transport.BackoffRateLimit {
		return blocked
	}
	pause := blocked.Until.Sub(s.cfg.Now())
	if !transport.FitsRun(ctx, pause) {
		return blocked
	}
	s.noteBusy(pause)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return blocked
	}
}

// noteBusy says that this run waits for the endpoint: to a person who waits too, and with --verbose.
func (s *Session) noteBusy(pause time.Duration) {
	say := s.cfg.Verbose
	if s.Manual {
		say = s.cfg.Notice
	}
	say("the endpoint is busy: trying again in %s", pause.Round(time.Second))
}

// wasBusy reports whether the endpoint refused the last deliveries because it was busy. That is no outage, in
// which one attempt of each run is enough.
func (s *Session) wasBusy() bool {
	b := s.state.Backoff
	since := s.cfg.Now().Sub(time.UnixMilli(b.UntilMS))
	return b.Reason == transport.BackoffRateLimit && since < busyTime
}

// isQuiet reports whether the failure of a delivery is that of a busy endpoint, and too new to be printed.
func (s *Session) isQuiet(err error) bool {
	pause, busy := transport.RequestedPause(err)
	return busy && pause <= transport.MaxBusyPause && s.state.Backoff.Failures <= quietRuns && !s.Manual
}
