package service

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"virgo/collect"
	"virgo/schedule/number"
)

// jsonMetric returns a value as a metric of the selector's type. Where it has none, any number is a
// double, so that 3 and 3.5 have the same type. For a numeric type, numbers in strings are
// accepted, booleans count as 1 and 0, and 3.0 is an integer. It is not ok where the value does not
// fit, as a list or an object never does.
func jsonMetric(s jsonSelector, value any) (m collect.Metric, ok bool) {
	m.Type = s.t
	natural := collect.Double
	switch v := value.(type) {
	case string:
		m.Value, natural = v, collect.String
	case bool:
		m.Value, natural = strconv.FormatBool(v), collect.Bool
	case json.Number:
		m.Value = v.String()
	default:
		return m, false
	}
	if m.Type == "" {
		m.Type = natural
	}
	switch m.Type {
	case collect.String, collect.Bool:
	case collect.Gauge, collect.Double:
		m.Value = numericText(m.Value)
	default:
		m.Value = integerText(numericText(m.Value))
	}
	ok = m.Normalize()
	return m, ok
}

// numericText returns a boolean as 1 or 0, and other text without the space around it.
func numericText(text string) string {
	switch text = strings.TrimSpace(text); text {
	case "true":
		return "1"
	case "false":
		return "0"
	}
	return text
}

// integerText returns an integer without point and exponent. Text of a number that is large, or not
// an integer, is returned unchanged.
func integerText(text string) string {
	const exact = 1 << 53 // a float64 represents all integers up to this one
	f, ok := number.Parse(text)
	_, notPlain := strconv.ParseInt(text, 10, 64)
	if notPlain == nil || !ok || f != math.Trunc(f) || math.Abs(f) > exact {
		return text
	}
	return strconv.FormatInt(int64(f), 10)
}
