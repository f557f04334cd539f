package fleet

import (
	"context"
	"sync"
	"time"
)

// Late lets n hosts, from the one with number from on, come one after another, at even distances within a time.
// Each delivers all that past says of it, in two sessions, and half of it in both: every second host its older
// three quarters first and then all but the oldest quarter, the others their newer half first and then all. A
// session that is refused comes back after the pause that it was asked for. The tally counts hosts, whose time is
// that of both sessions, and each result once; copies are the results that were acknowledged twice.
func (f *Fleet) Late(ctx context.Context, from, n int, within time.Duration, past func(k int) Past) (t Tally, copies int) {
	began := time.Now()
	parts, sent := make([]Tally, n), make([]int, n)
	var wg sync.WaitGroup
	for k := range n {
		wg.Go(func() {
			due := began.Add(within * time.Duration(k) / time.Duration(n))
			if pause(ctx, time.Until(due)) {
				sent[k] = f.NewWorker().late(ctx, from+k, past(k), due, &parts[k])
			}
		})
	}
	wg.Wait()
	for _, s := range sent {
		copies += s
	}
	t = sum(parts, began)
	return t, copies - t.Results
}

// late is what one host delivers. It returns how many results were acknowledged, copies too; the tally has each
// once.
func (w *Worker) late(ctx context.Context, i int, p Past, due time.Time, t *Tally) (sent int) {
	h := &w.fleet.hosts[i]
	first := uint64(h.runs.Add(uint32(p.Runs))) - uint64(p.Runs) + 1
	var most int // of one session: each has a result once
	var both Tally
	for _, part := range twice(p, i) {
		both.patient(ctx, time.Now(), func() (int, error) {
			n, err := w.runs(context.WithoutCancel(ctx), i, first+uint64(part.from), p.part(part.from, part.to))
			most, sent = max(most, n), sent+n
			return n, err
		})
		if both.Failed > 0 || both.Sessions == 0 {
			break
		}
	}
	once := most // at least
	if both.Sessions == lateSessions {
		once = p.Runs * w.fleet.Results()
	}
	h.acknowledged.Add(uint32(once))
	t.Late += both.Late
	switch {
	case both.Failed > 0:
		t.failed(once, both.First)
	case both.Sessions == lateSessions:
		t.served(once, time.Since(due))
	default: // the end came while it waited
		t.Results += once
	}
	return sent
}

// lateSessions is how many sessions a late host has.
const lateSessions = 2

// A span is a part of the runs of a backlog: from the run with a number, counted from 0, to before another one.
type span struct{ from, to int }

// twice returns what the two sessions of a late host have.
func twice(p Past, i int) [lateSessions]span {
	n := p.Runs
	if i%2 == 0 {
		return [...]span{{0, n - n/4}, {n / 4, n}}
	}
	return [...]span{{n / 2, n}, {0, n}}
}

// part returns a part of the runs.
func (p Past) part(from, to int) Past {
	return Past{Runs: to - from, Every: p.Every, Until: p.Until + time.Duration(p.Runs-to)*p.Every}
}
