package run

import (
	"context"
	"fmt"

	"virgo/collect"
	"virgo/schedule"
	"virgo/spool"
)

// Latest returns the latest result of each check that ran, delivered or not, sorted by check id. One
// with many metrics has none (maxLatestBytes). It includes checks that are no longer scheduled, until
// the next schedule of an endpoint is stored.
func (a *Agent) Latest(ctx context.Context) ([]collect.Result, error) {
	var all []collect.Result
	err := a.Spool.View(ctx, func(tx *spool.Tx) error {
		return tx.Each(schedule.LatestSpace, func(id string, value []byte) error {
			if r, ok := parseLatest(id, value); ok {
				all = append(all, r)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading the latest results: %w", err)
	}
	return all, nil
}
