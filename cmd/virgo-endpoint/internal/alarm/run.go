package alarm

import (
	"context"
	"sync"
	"time"
)

// Run calls Tick each TickEvery and ReplayLate behind it, until ctx is done. An error is one of a store: it is logged once,
// and tried again.
func (e *Engine) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { e.every(ctx, "silence and ages are not judged", e.Tick) })
	all.Go(func() { e.every(ctx, "late results are not judged", e.replayAll) })
	all.Wait()
}

// replayAll judges the late results of all hosts that are due, one after another.
func (e *Engine) replayAll(ctx context.Context) error {
	for {
		more, err := e.ReplayLate(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// every calls what each TickEvery.
func (e *Engine) every(ctx context.Context, wrong string, what func(context.Context) error) {
	tick := time.NewTicker(TickEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := what(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			e.opt.Log.Error(wrong, "error", err)
		case err == nil && failing:
			e.opt.Log.Info("alarms are judged again")
		}
		failing = err != nil
	}
}
