package api

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"virgo/schedule/number"
)

// maxSeconds bounds spans of time: about 300 years, as Go's.
const maxSeconds = 9e9

func parseDuration(text string) (float64, error) {
	s := strings.TrimSpace(text)
	wrong := fmt.Errorf("%.40q is no span of time", text)
	if f, ok := number.Parse(s); ok {
		return f, nil
	}
	if strings.Contains(s, ":") {
		return clockDuration(s, wrong)
	}
	var total float64
	negative := strings.HasPrefix(s, "-")
	for s = strings.TrimPrefix(s, "-"); s != ""; s = strings.TrimLeft(s, " ") {
		n := len(s) - len(strings.TrimLeft(s, "0123456789."))
		f, ok := number.Parse(s[:n])
		unit := strings.TrimLeft(s[n:], " ")
		end := len(unit) - len(strings.TrimLeft(unit, "abcdefghijklmnopqrstuvwxyzµ"))
		factor := unitSeconds(unit[:end])
		if !ok || factor == 0 {
			return 0, wrong
		}
		if total += f * factor; total > maxSeconds {
			return 0, wrong
		}
		s = unit[end:]
	}
	if text == "" || negative && total == 0 {
		return 0, wrong
	}
	if negative {
		total = -total
	}
	return total, nil
}

func unitSeconds(unit string) float64 {
	switch unit {
	case "ns":
		return 1e-9
	case "us", "µs":
		return 1e-6
	case "ms", "msec":
		return 1e-3
	case "s", "sec", "secs", "second", "seconds":
		return 1
	case "m", "min", "mins", "minute", "minutes":
		return 60
	case "h", "hr", "hour", "hours":
		return 3600
	case "d", "day", "days":
		return 86400
	case "w", "week", "weeks":
		return 7 * 86400
	}
	return 0
}

// clockDuration reads [days-][hours:]minutes:seconds.
func clockDuration(s string, wrong error) (float64, error) {
	var total float64
	if days, rest, ok := strings.Cut(s, "-"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, wrong
		}
		total, s = float64(n)*86400, rest
	}
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, wrong
	}
	clock := 0.0
	for i, p := range parts {
		f, ok := number.Parse(p)
		if !ok || f < 0 || i < len(parts)-1 && f != math.Floor(f) || clock*60+f > maxSeconds {
			return 0, wrong
		}
		clock = clock*60 + f
	}
	return total + clock, nil
}
