package host

import (
	"context"
	"time"

	"virgo/collect"
)

// pause waits SampleGap between two samples, or half of the time left where that is less.
func pause(ctx context.Context) error {
	gap := collect.SampleGap
	if deadline, ok := ctx.Deadline(); ok {
		gap = min(gap, time.Until(deadline)/2)
	}
	timer := time.NewTimer(gap)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
