package login

import (
	"context"
	"runtime/debug"
)

// maxWaiting bounds how many passwords wait to be hashed, beside the one that is.
const maxWaiting = 8

// A gate lets one hash be computed at a time.
type gate struct {
	places chan struct{} // of all that hash or wait
	turn   chan struct{}
	// free gives memory that is not used any more back to the system.
	free func()
}

func newGate() gate {
	return gate{places: make(chan struct{}, 1+maxWaiting), turn: make(chan struct{}, 1), free: debug.FreeOSMemory}
}

// do calls hash when it is its turn. Errors: ErrBusy, and those of hash and ctx.
func (g gate) do(ctx context.Context, hash func() error) error {
	select {
	case g.places <- struct{}{}:
		defer g.leave()
	default:
		return ErrBusy
	}
	select {
	case g.turn <- struct{}{}:
		defer func() { <-g.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return hash()
}

// leave gives the memory of the last hash back to the system, once nobody waits: it is as much as all else of the
// endpoint.
func (g gate) leave() {
	<-g.places
	if len(g.places) == 0 {
		g.free()
	}
}
