package script

import (
	"context"
	"sync/atomic"
)

// places bounds how many scripts compute at the same time: as many as there are processors, so that
// the clock of each measures its own computing and not that of the others. A script that waits for
// the world has none.
type places struct {
	free    chan struct{}
	waiting atomic.Int32
}

func newPlaces(n int) *places {
	p := &places{free: make(chan struct{}, n)}
	for range n {
		p.free <- struct{}{}
	}
	return p
}

// take waits for a place. Its error is the context's.
func (p *places) take(ctx context.Context) error {
	select {
	case <-p.free:
		return nil
	default:
	}
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	select {
	case <-p.free:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *places) give() { p.free <- struct{}{} }

// wanted reports whether somebody waits.
func (p *places) wanted() bool { return p.waiting.Load() > 0 }
