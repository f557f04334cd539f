//go:build !windows

package host

import (
	"context"
	"fmt"

	"virgo/collect"
)

// Check reports the load averages, which have no unit.
func (l loadAverage) Check(ctx context.Context, _ collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	minutes, err := readLoadAverage(ctx, l.tree)
	if err != nil {
		return collect.Report{}, fmt.Errorf("reading load averages: %w", err)
	}
	f := collect.MetricBuilder{Metrics: make([]collect.Metric, 0, 3)}
	f.Double("1m", minutes[0], "")
	f.Double("5m", minutes[1], "")
	f.Double("15m", minutes[2], "")
	return collect.Report{Metrics: f.Metrics}, nil
}
