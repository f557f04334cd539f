package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Format returns a value in a unit for people: "1.5 GiB", "12.3 ms", "37 %".
func Format(v float64, unit string) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	base, rate := strings.CutSuffix(unit, "/s")
	tail := ""
	if rate {
		tail = "/s"
	}
	switch base {
	case "percent":
		return digits(v) + " %" + tail
	case "bytes":
		return scaled(v, 1024, []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}) + tail
	case "seconds":
		return duration(v) + tail
	case "":
		return scaled(v, 1000, []string{"", "k", "M", "G", "T"}) + tail
	}
	return scaled(v, 1000, []string{"", "k", "M", "G", "T"}) + " " + base + tail
}

// digits is a number with three digits that mean something.
func digits(v float64) string {
	a := math.Abs(v)
	switch {
	case v == math.Trunc(v) && a < 1e5, a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return trim(strconv.FormatFloat(v, 'f', 1, 64))
	case a >= 0.01:
		return trim(strconv.FormatFloat(v, 'f', 2, 64))
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// trim takes zeros behind the point away.
func trim(s string) string { return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") }

func scaled(v, step float64, names []string) string {
	i := 0
	for math.Abs(v) >= step*0.9995 && i < len(names)-1 {
		v /= step
		i++
	}
	if names[i] == "" {
		return digits(v)
	}
	return digits(v) + " " + names[i]
}

func duration(s float64) string {
	switch a := math.Abs(s); {
	case a == 0:
		return "0 s"
	case a < 1e-3:
		return digits(s*1e6) + " µs"
	case a < 1:
		return digits(s*1e3) + " ms"
	case a < 120:
		return digits(s) + " s"
	case a < 7200:
		return fmt.Sprintf("%.0f min", s/60)
	case a < 2*86400:
		return digits(s/3600) + " h"
	}
	return digits(s/86400) + " days"
}
