//go:build !linux && !windows

package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/load"
)

func readLoadAverage(ctx context.Context, t tree) (minutes [3]float64, err error) {
	avg, err := load.AvgWithContext(t.context(ctx))
	if err != nil {
		return minutes, err
	}
	return [3]float64{avg.Load1, avg.Load5, avg.Load15}, nil
}
