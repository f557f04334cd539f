//go:build benchclock

package main

import (
	"os"
	"time"
)

// wallClock returns the system's time plus what VIRGO_BENCH_CLOCK says, such as -24h: so that virgo-bench measures
// what takes days. The programs that people run have no such variable.
func wallClock() func() time.Time {
	ahead, err := time.ParseDuration(os.Getenv("VIRGO_BENCH_CLOCK"))
	if err != nil {
		return time.Now
	}
	return func() time.Time { return time.Now().Add(ahead) }
}
