package live

import (
	"context"
	"errors"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
)

// Load reads the latest results of all hosts. What cannot be read of a damaged store is left out.
func (t *Table) Load(ctx context.Context) error {
	var list []intake.Metric
	for _, h := range t.Hosts(t.now()) {
		err := report.LatestResults(ctx, t.src, intake.Filter{AgentID: h.ID}, func(r intake.Result) (err error) {
			if list, err = intake.AppendMetrics(list[:0], r.Params); err != nil {
				list = list[:0]
			}
			t.mu.Lock()
			defer t.mu.Unlock()
			if h := t.hosts[h.Agent]; h != nil {
				t.take(h, &r, list)
			}
			return nil
		})
		var unread *intake.UnreadError
		if err != nil && !errors.As(err, &unread) && !errors.Is(err, report.ErrLatestTooLarge) {
			return err
		}
	}
	t.mu.Lock()
	t.loaded = true
	t.mu.Unlock()
	t.subscribers.all()
	return nil
}
