package service

import (
	"math"
	"strconv"
	"strings"

	"virgo/collect"
)

// powerShellMetric is a row as a metric of a type; not ok where the value is not of it. A whole number of a fraction
// (a counter's percentage) is the nearest.
func powerShellMetric(name, value string, kind collect.MetricType, unit string) (m collect.Metric, ok bool) {
	m = collect.Metric{Name: name, Type: kind, Value: value, Unit: unit}
	if kind == collect.String {
		return m, name != "" && value != ""
	}
	n, ok := powerShellNumber(value)
	if !ok || name == "" {
		return m, false
	}
	switch kind {
	case collect.Double:
		m.Value = collect.FormatDouble(n)
	default:
		if whole := strings.TrimSpace(value); !strings.ContainsAny(whole, ".,eE") {
			m.Value = whole // what is past a double's precision stays exact
		} else {
			m.Value = strconv.FormatFloat(math.Round(n), 'f', 0, 64)
		}
	}
	return m, m.Valid()
}

// powerShellNumber reads a number with a decimal point or, as some cultures have it, a comma.
func powerShellNumber(text string) (n float64, ok bool) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, ".") && strings.Count(text, ",") == 1 {
		text = strings.Replace(text, ",", ".", 1)
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}
