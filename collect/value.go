package collect

import (
	"math"
	"strconv"
)

// FormatDouble formats a figure with at most four decimals, without trailing zeros: the precision that
// percentages and milliseconds have.
func FormatDouble(f float64) string {
	if r := math.Round(f*1e4) / 1e4; !math.IsInf(r, 0) {
		f = r
	}
	if f == 0 {
		f = 0 // not "-0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// Valid reports whether the metric's value can be read as its type says: finite, within range, decimal
// or 0x… for integers. A type that the protocol does not know is not valid.
func (m Metric) Valid() bool {
	switch m.Type {
	case String:
		return true
	case Bool:
		_, err := strconv.ParseBool(m.Value)
		return err == nil
	case Int32:
		return isInt(m.Value, 32)
	case Int64:
		return isInt(m.Value, 64)
	case Uint32:
		return isUint(m.Value, 32)
	case Uint64:
		return isUint(m.Value, 64)
	case Gauge, Double:
		f, err := strconv.ParseFloat(decimal(m.Value), 64)
		return err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return false
}

func isInt(s string, bits int) bool {
	_, err := strconv.ParseInt(decimal(s), 10, bits)
	return err == nil
}

func isUint(s string, bits int) bool {
	_, err := strconv.ParseUint(decimal(s), 10, bits)
	return err == nil
}

// decimal returns a value written as 0x… in decimal, and any other as it is.
func decimal(s string) string {
	if len(s) < 3 || s[0] != '0' || s[1]|0x20 != 'x' {
		return s
	}
	n, err := strconv.ParseUint(s[2:], 16, 64)
	if err != nil {
		return s
	}
	return strconv.FormatUint(n, 10)
}
