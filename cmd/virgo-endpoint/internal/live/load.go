package live

import (
	"context"
	"errors"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
)

// leastRecent and mostRecent bound how much of what came last is read for all hosts together.
const leastRecent, mostRecent = 2 * time.Minute, 10 * time.Minute

// Load reads the latest results of all hosts: what was made lately at once, and for hosts of which that is not all, such as
// silent ones, host by host. What cannot be read of a damaged store is left out.
func (t *Table) Load(ctx context.Context) error {
	var list []intake.Metric
	take := func(r intake.Result) (err error) {
		if list, err = intake.AppendMetrics(list[:0], r.Params); err != nil {
			list = list[:0]
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		if h := t.byID[r.AgentID]; h != nil {
			t.take(h, &r, list)
		}
		return nil
	}
	if err := readable(t.src.Results(ctx, intake.Filter{Since: t.now().Add(-t.recent())}, take)); err != nil {
		return err
	}
	for _, id := range t.unread() {
		if err := readable(report.LatestResults(ctx, t.src, intake.Filter{AgentID: id}, take)); err != nil {
			return err
		}
	}
	t.mu.Lock()
	t.loaded = true
	t.mu.Unlock()
	t.subscribers.all()
	return nil
}

// readable returns an error but for results that cannot be read.
func readable(err error) error {
	var unread *intake.UnreadError
	if errors.As(err, &unread) || errors.Is(err, report.ErrLatestTooLarge) {
		return nil
	}
	return err
}

// recent is two of the shortest period of any check.
func (t *Table) recent() time.Duration {
	t.mu.RLock()
	defer t.mu.RUnlock()
	shortest := mostRecent
	for _, h := range t.hosts {
		for i := range h.checks {
			if p := h.checks[i].period; p > 0 {
				shortest = min(shortest, 2*p)
			}
		}
	}
	return max(shortest, leastRecent)
}

// unread returns the hosts with checks whose latest results were not read.
func (t *Table) unread() (ids []string) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, h := range t.hosts {
		for i := range h.checks {
			if h.checks[i].seq == 0 {
				ids = append(ids, h.known.ID)
				break
			}
		}
	}
	return ids
}
