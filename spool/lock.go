package spool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// Other processes have the file locked for milliseconds: the lock is polled soon, then less often.
// Each wait is random within its upper half, so that several waiting processes do not move in step.
const (
	minPoll = time.Millisecond
	maxPoll = 16 * time.Millisecond
)

// lockWithin waits for the lock of f until wait is over or ctx is done.
func lockWithin(ctx context.Context, f *os.File, exclusive bool, wait time.Duration) error {
	ok, err := pollWithin(ctx, wait, func() (bool, error) { return tryLock(f, exclusive) })
	if !ok && err == nil {
		err = fmt.Errorf("%w (waited %v)", ErrLocked, wait)
	}
	return err
}

// pollWithin calls try until it returns true or an error. It returns false if wait is over, and an error
// if ctx is done.
func pollWithin(ctx context.Context, wait time.Duration, try func() (bool, error)) (ok bool, err error) {
	var timer *time.Timer
	var end time.Time
	for poll := minPoll; ; poll = min(2*poll, maxPoll) {
		if ok, err := try(); ok || err != nil {
			return ok, err
		}
		left := wait
		if timer == nil {
			end = time.Now().Add(wait)
			timer = time.NewTimer(0)
			defer timer.Stop()
			<-timer.C
		} else if left = time.Until(end); left <= 0 {
			return false, nil
		}
		timer.Reset(min(left, poll/2+rand.N(poll/2)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
}

// acquire admits one goroutine of this process at a time; the others need not ask the system.
func (s *Spool) acquire(ctx context.Context) error {
	if s.unreachable != nil {
		return s.unreachable
	}
	select {
	case s.sem <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(s.opt.LockWait)
	defer timer.Stop()
	select {
	case s.sem <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return fmt.Errorf("open %s: %w (this process; waited %v)", s.path, ErrLocked, s.opt.LockWait)
	}
}

func (s *Spool) release() { <-s.sem }

func parent(dir string) string { return filepath.Dir(filepath.Clean(dir)) }
