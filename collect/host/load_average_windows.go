package host

import (
	"context"

	"virgo/collect"
)

// Check says that there is no such figure here: gopsutil's needs a process that stays to average.
func (loadAverage) Check(context.Context, collect.Request) (collect.Report, error) {
	return unavailable("Load Average checks are not supported on Windows.")
}
