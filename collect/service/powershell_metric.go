package service

import (
	"math"
	"strconv"
	"strings"

	"virgo/collect"
	"virgo/schedule/number"
)

// powerShellMetric returns a row as a metric of a type; not ok where the value does not fit. For an
// integer type, fractions (of a counter that is a percentage) are rounded.
func powerShellMetric(name, value string, kind collect.MetricType, unit string) (m collect.Metric, ok bool) {
	m = collect.Metric{Name: name, Type: kind, Value: value, Unit: unit}
	if kind == collect.String {
		return m, name != "" && value != ""
	}
	n, ok := parsePowerShellNumber(value)
	if !ok || name == "" {
		return m, false
	}
	switch kind {
	case collect.Double:
		m.Value = collect.FormatDouble(n)
	default:
		if integer := strings.TrimSpace(value); !strings.ContainsAny(integer, ".,eE") {
			m.Value = integer // exact also beyond a double's precision
		} else {
			m.Value = strconv.FormatFloat(math.Round(n), 'f', 0, 64)
		}
	}
	ok = m.Normalize()
	return m, ok
}

// parsePowerShellNumber parses a number with a decimal point or, as in some cultures, a comma.
func parsePowerShellNumber(text string) (n float64, ok bool) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, ".") && strings.Count(text, ",") == 1 {
		text = strings.Replace(text, ",", ".", 1)
	}
	return number.Parse(text)
}
