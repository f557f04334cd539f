package remote

import (
	"math"
	"strconv"

	"virgo/collect"
)

// number adds a figure that the existing agent reports as uint32; what does not fit is the nearest that does.
func number(f *collect.Figures, name string, n int64, unit string) {
	f.Add(name, collect.Uint32, strconv.FormatInt(min(max(n, 0), math.MaxUint32), 10), unit)
}

// signed adds a figure that the existing agent reports as int32; what does not fit is the nearest that does.
func signed(f *collect.Figures, name string, n int64, unit string) {
	f.Add(name, collect.Int32, strconv.FormatInt(min(max(n, math.MinInt32), math.MaxInt32), 10), unit)
}
