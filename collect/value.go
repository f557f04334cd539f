package collect

import (
	"math"
	"strconv"

	"virgo/schedule/number"
)

// FormatDouble formats a number with at most four decimals, without trailing zeros. Percentages and
// milliseconds need no more.
func FormatDouble(f float64) string {
	if r := math.Round(f*1e4) / 1e4; !math.IsInf(r, 0) {
		f = r
	}
	if f == 0 {
		f = 0 // not "-0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// Valid reports whether the value matches the metric's type; package number defines it. It is false
// for an unknown type.
func (m Metric) Valid() bool {
	_, ok := number.Value(string(m.Type), m.Value)
	return ok
}

// Normalize gives the value the form in which it is sent, and reports whether it is valid; a value
// that is not is left as it is.
func (m *Metric) Normalize() (valid bool) {
	m.Value, valid = number.Value(string(m.Type), m.Value)
	return valid
}
