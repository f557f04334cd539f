//go:build !windows

package host

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/load"

	"virgo/collect"
)

// Check reports the load averages, which have no unit.
func (l loadAverage) Check(ctx context.Context, _ collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	avg, err := load.AvgWithContext(l.tree.context(ctx))
	if err != nil {
		return collect.Report{}, fmt.Errorf("reading load averages: %w", err)
	}
	f := collect.MetricBuilder{Metrics: make([]collect.Metric, 0, 3)}
	f.Double("1m", avg.Load1, "")
	f.Double("5m", avg.Load5, "")
	f.Double("15m", avg.Load15, "")
	return collect.Report{Metrics: f.Metrics}, nil
}
