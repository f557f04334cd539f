package remote

import (
	"math"
	"strconv"

	"virgo/collect"
)

// addUint32 adds a metric of type uint32, as in the original agent. A number outside its range
// becomes the nearest one in it.
func addUint32(f *collect.MetricBuilder, name string, n int64, unit string) {
	f.Add(name, collect.Uint32, strconv.FormatInt(min(max(n, 0), math.MaxUint32), 10), unit)
}

// addInt32 adds a metric of type int32, as addUint32 does.
func addInt32(f *collect.MetricBuilder, name string, n int64, unit string) {
	f.Add(name, collect.Int32, strconv.FormatInt(min(max(n, math.MinInt32), math.MaxInt32), 10), unit)
}
