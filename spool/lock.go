package spool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// Waiting for the file: other processes hold it for milliseconds, so look again soon, then less
// often; each wait is drawn from the upper half, so that several waiters do not move in step.
const (
	firstLook = time.Millisecond
	lastLook  = 16 * time.Millisecond
)

// lockWithin waits for the lock of f until wait is over or ctx is done.
func lockWithin(ctx context.Context, f *os.File, exclusive bool, wait time.Duration) error {
	var timer *time.Timer
	var end time.Time
	for look := firstLook; ; look = min(2*look, lastLook) {
		ok, err := tryLock(f, exclusive)
		if ok || err != nil {
			return err
		}
		left := wait
		if timer == nil {
			end = time.Now().Add(wait)
			timer = time.NewTimer(0)
			defer timer.Stop()
			<-timer.C
		} else if left = time.Until(end); left <= 0 {
			return fmt.Errorf("%w (waited %v)", ErrLocked, wait)
		}
		timer.Reset(min(left, look/2+rand.N(look/2)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// acquire lets one goroutine of this process at the file; the others need not ask the system for it.
func (s *Spool) acquire(ctx context.Context) error {
	if s.gone != nil {
		return s.gone
	}
	select {
	case s.turn <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(s.opt.LockWait)
	defer timer.Stop()
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return fmt.Errorf("open %s: %w (this process; waited %v)", s.path, ErrLocked, s.opt.LockWait)
	}
}

func (s *Spool) release() { <-s.turn }

func parent(dir string) string { return filepath.Dir(filepath.Clean(dir)) }
