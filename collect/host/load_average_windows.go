package host

import (
	"context"

	"virgo/collect"
)

// Check reports that Windows has no load average: gopsutil computes one, but only in a process that
// keeps running.
func (loadAverage) Check(context.Context, collect.Request) (collect.Report, error) {
	return unavailable("Load Average checks are not supported on Windows.")
}
