package service

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"virgo/collect"
)

// figure is a value as a metric of the type that is wanted; where none is, a number is a double, so that 3 and 3.5
// are of one type. A number may come as text, a truth value may count as 1 or 0, and 3.0 is whole. Not ok where
// it does not fit, as a list or an object never does.
func figure(w wanted, value any) (m collect.Metric, ok bool) {
	m.Type = w.t
	guess := collect.Double
	switch v := value.(type) {
	case string:
		m.Value, guess = v, collect.String
	case bool:
		m.Value, guess = strconv.FormatBool(v), collect.Bool
	case json.Number:
		m.Value = v.String()
	default:
		return m, false
	}
	if m.Type == "" {
		m.Type = guess
	}
	switch m.Type {
	case collect.String, collect.Bool:
	case collect.Gauge, collect.Double:
		m.Value = asNumber(m.Value)
	default:
		m.Value = whole(asNumber(m.Value))
	}
	return m, m.Valid()
}

// asNumber writes a truth value as a number, and a text without the space around it.
func asNumber(text string) string {
	switch text = strings.TrimSpace(text); text {
	case "true":
		return "1"
	case "false":
		return "0"
	}
	return text
}

// whole writes a whole number without point and exponent; one that is large, or not whole, stays as it is.
func whole(text string) string {
	const exact = 1 << 53 // up to here a float64 has every whole number
	f, err := strconv.ParseFloat(text, 64)
	if _, plain := strconv.ParseInt(text, 10, 64); plain == nil || err != nil || f != math.Trunc(f) || math.Abs(f) > exact {
		return text
	}
	return strconv.FormatInt(int64(f), 10)
}
