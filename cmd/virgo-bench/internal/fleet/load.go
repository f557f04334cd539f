package fleet

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Tally is what became of sessions.
type Tally struct {
	Sessions, Results int
	// Late is how many sessions were served after a pause that the endpoint asked for.
	Late int
	// Failed is how many were not served at all, and First the error of the first of them.
	Failed int
	First  error
	// Took has the time of each session that was served, from when it was due, sorted.
	Took []time.Duration
	// Elapsed is the time from the first session to the end of the last.
	Elapsed time.Duration
}

// Quantile returns the time within which a part of the sessions was served; 0 if there were none.
func (t *Tally) Quantile(part float64) time.Duration {
	if len(t.Took) == 0 {
		return 0
	}
	return t.Took[min(int(float64(len(t.Took))*part), len(t.Took)-1)]
}

// served adds a session.
func (t *Tally) served(results int, took time.Duration) {
	t.Sessions++
	t.Results += results
	t.Took = append(t.Took, took)
}

// failed adds a session that was not served.
func (t *Tally) failed(results int, err error) {
	t.Failed++
	t.Results += results
	if t.First == nil {
		t.First = err
	}
}

// sum joins the tallies of goroutines.
func sum(parts []Tally, began time.Time) Tally {
	all := Tally{Elapsed: time.Since(began)}
	for _, p := range parts {
		all.Sessions, all.Results, all.Late = all.Sessions+p.Sessions, all.Results+p.Results, all.Late+p.Late
		all.Failed += p.Failed
		if all.First == nil {
			all.First = p.First
		}
		all.Took = append(all.Took, p.Took...)
	}
	slices.Sort(all.Took)
	return all
}

// Closed makes sessions of one run each, the next one when one has ended, in a number of goroutines for a
// time. Hosts take turns.
func (f *Fleet) Closed(ctx context.Context, goroutines int, d time.Duration) Tally {
	return f.loop(ctx, goroutines, d, (*Worker).Run)
}

// ClosedHandshakes is Closed with handshakes only, for a server that does nothing else.
func (f *Fleet) ClosedHandshakes(ctx context.Context, goroutines int, d time.Duration) Tally {
	return f.loop(ctx, goroutines, d, func(w *Worker, ctx context.Context, i int) (int, error) {
		return 0, w.Handshake(ctx, i)
	})
}

func (f *Fleet) loop(
	ctx context.Context, goroutines int, d time.Duration, session func(*Worker, context.Context, int) (int, error),
) Tally {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var turn atomic.Int64
	return f.parallel(goroutines, func(w *Worker, t *Tally) {
		for ctx.Err() == nil {
			i := int(turn.Add(1)-1) % len(f.hosts)
			began := time.Now()
			// The last sessions are finished: a broken one would say nothing about the endpoint.
			n, err := session(w, context.WithoutCancel(ctx), i)
			t.add(n, err, time.Since(began))
		}
	})
}

// add adds a session that is tried once.
func (t *Tally) add(results int, err error, took time.Duration) {
	if err != nil {
		t.failed(results, err)
		return
	}
	t.served(results, took)
}

// parallel runs do in a number of goroutines.
func (f *Fleet) parallel(goroutines int, do func(*Worker, *Tally)) Tally {
	parts := make([]Tally, goroutines)
	began := time.Now()
	var wg sync.WaitGroup
	for g := range parts {
		wg.Go(func() { do(f.NewWorker(), &parts[g]) })
	}
	wg.Wait()
	return sum(parts, began)
}

// offeredGoroutines bounds the sessions that [Fleet.Offered] has open; where more are due, they wait, and the
// time that they wait counts.
const offeredGoroutines = 1024

// Offered makes sessions of one run each at an even rate, whatever the endpoint does, for a time. Their time
// counts from when they were due. Hosts take turns. A session that is refused comes back after the
// pause that it was asked for.
func (f *Fleet) Offered(ctx context.Context, rate float64, d time.Duration) Tally {
	total := int64(rate * d.Seconds())
	began := time.Now()
	var turn atomic.Int64
	return f.parallel(int(min(offeredGoroutines, max(total, 1))), func(w *Worker, t *Tally) {
		for {
			n := turn.Add(1) - 1
			if n >= total || ctx.Err() != nil {
				return
			}
			due := began.Add(time.Duration(float64(n) / rate * float64(time.Second)))
			if !pause(ctx, time.Until(due)) {
				return
			}
			i := int(n) % len(f.hosts)
			t.patient(ctx, due, func() (int, error) { return w.Run(context.WithoutCancel(ctx), i) })
		}
	})
}

// maxPauses bounds how often a host comes back. An agent does within its minute, then its next run does.
const maxPauses = 3

// patient makes a session, and again after each pause that the endpoint asks for.
func (t *Tally) patient(ctx context.Context, due time.Time, session func() (int, error)) {
	for try := 0; ; try++ {
		n, err := session()
		var refused *RefusedError
		if !errors.As(err, &refused) || try == maxPauses {
			if err == nil && try > 0 {
				t.Late++
			}
			t.add(n, err, time.Since(due))
			return
		}
		if !pause(ctx, refused.After) {
			return
		}
	}
}

// pause waits, and reports whether it did to the end.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Burst makes a session of each of the first n hosts at once.
func (f *Fleet) Burst(ctx context.Context, n int) Tally {
	var turn atomic.Int64
	due := time.Now()
	return f.parallel(n, func(w *Worker, t *Tally) {
		i := int(turn.Add(1) - 1)
		t.patient(ctx, due, func() (int, error) { return w.Run(context.WithoutCancel(ctx), i) })
	})
}

// Backlogs makes sessions with backlogs, of hosts from on, in turns, as many at a time as there are
// goroutines, until ctx ends or sessions were made.
func (f *Fleet) Backlogs(ctx context.Context, goroutines, from, sessions int, p Past) Tally {
	var turn atomic.Int64
	return f.parallel(goroutines, func(w *Worker, t *Tally) {
		for {
			n := int(turn.Add(1) - 1)
			if ctx.Err() != nil || sessions > 0 && n >= sessions {
				return
			}
			began := time.Now()
			results, err := w.Backlog(context.WithoutCancel(ctx), from+n%(len(f.hosts)-from), p)
			t.add(results, err, time.Since(began))
		}
	})
}

// Once makes a session of one run of each host.
func (f *Fleet) Once(ctx context.Context, goroutines int) Tally {
	var turn atomic.Int64
	return f.parallel(goroutines, func(w *Worker, t *Tally) {
		for i := int(turn.Add(1) - 1); i < len(f.hosts) && ctx.Err() == nil; i = int(turn.Add(1) - 1) {
			began := time.Now()
			n, err := w.Run(context.WithoutCancel(ctx), i)
			t.add(n, err, time.Since(began))
		}
	})
}
