package term

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Value formats a metric's value, as it is on the wire, with its unit: bytes with binary prefixes,
// percentages with one decimal, other numbers with at most three.
func Value(metricType, value, unit string) string {
	if metricType == "string" || metricType == "bool" {
		return value
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return value
	}
	switch unit {
	case "bytes":
		return Bytes(n)
	case "kilobytes":
		return Bytes(n * 1024)
	case "megabytes":
		return Bytes(n * 1024 * 1024)
	case "percent":
		return strconv.FormatFloat(n, 'f', 1, 64) + " %"
	case "milliseconds":
		return number(n) + " ms"
	case "seconds":
		return Age(time.Duration(n * float64(time.Second)))
	case "", "count":
		return exactly(value, n)
	default:
		return exactly(value, n) + " " + unit
	}
}

// exactly returns a number of which a float64 has no more digits as it was reported.
func exactly(text string, n float64) string {
	if math.Abs(n) >= 1<<53 && strings.Trim(text, "-0123456789") == "" {
		return text
	}
	return number(n)
}

func number(n float64) string {
	if n == math.Trunc(n) && math.Abs(n) < 1e15 {
		return strconv.FormatFloat(n, 'f', 0, 64)
	}
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(n, 'f', 3, 64), "0"), ".")
}

// Bytes formats a number of bytes with a binary prefix (IEC 80000-13) and at most three digits.
func Bytes(n float64) string {
	units := [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i := 0
	for math.Abs(n) >= 1024 && i < len(units)-1 {
		n /= 1024
		i++
	}
	digits := 0
	if i > 0 && math.Abs(n) < 100 {
		digits = 1
	}
	return strconv.FormatFloat(n, 'f', digits, 64) + " " + units[i]
}

// Age formats a duration in its two largest units: "45s", "3m20s", "2h5m", "12d3h".
func Age(d time.Duration) string {
	if d < 0 {
		return "-" + Age(-d)
	}
	const day = 24 * time.Hour
	pair := func(big time.Duration, bigUnit string, small time.Duration, smallUnit string) string {
		s := strconv.FormatInt(int64(d/big), 10) + bigUnit
		if rest := d % big / small; rest > 0 {
			s += strconv.FormatInt(int64(rest), 10) + smallUnit
		}
		return s
	}
	switch {
	case d == 0:
		return "0s"
	case d > 0 && d < time.Millisecond:
		return "<1ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < time.Minute:
		return number(math.Round(d.Seconds()*10)/10) + "s"
	case d < time.Hour:
		return pair(time.Minute, "m", time.Second, "s")
	case d < day:
		return pair(time.Hour, "h", time.Minute, "m")
	default:
		return pair(day, "d", time.Hour, "h")
	}
}

// Count returns the number with its noun: "1 result", "2 results".
func Count[N ~int | ~int64 | ~uint64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
