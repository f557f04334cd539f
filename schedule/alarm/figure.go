package alarm

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// noFigure stands where there is no number.
const noFigure = "–"

// formats are the names of formats of numbers in messages.
func formats() []string { return []string{"time", "bytes", "kilobytes"} }

// formatFigure returns a number for people.
func formatFigure(value *float64, format string) string {
	switch {
	case value == nil:
		return noFigure
	case format == "time":
		return formatTime(*value)
	case format == "bytes":
		return formatBytes(*value)
	case format == "kilobytes":
		return formatBytes(*value * 1024)
	}
	return formatShort(*value)
}

// formatTime returns seconds as people say them: two units at most.
func formatTime(seconds float64) string {
	if math.IsNaN(seconds) || math.Abs(seconds) > maxTimeSeconds {
		return noFigure
	}
	sign := ""
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	d := time.Duration(seconds * float64(time.Second))
	const day = 24 * time.Hour
	switch {
	case d >= 3*day:
		return sign + strconv.FormatInt(int64(d.Round(day)/day), 10) + " days"
	case d >= time.Hour:
		return sign + twoUnits(d, time.Hour, " h", time.Minute, " min")
	case d >= time.Minute:
		return sign + twoUnits(d, time.Minute, " min", time.Second, " s")
	}
	return sign + formatShort(seconds) + " s"
}

// maxTimeSeconds bounds what is shown as a time.
const maxTimeSeconds = 1e9

func twoUnits(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	d = d.Round(small)
	text := strconv.FormatInt(int64(d/large), 10) + largeName
	if rest := d % large / small; rest > 0 && d < 10*large {
		text += " " + strconv.FormatInt(int64(rest), 10) + smallName
	}
	return text
}

// formatBytes returns a size with binary units, as programs print them.
func formatBytes(size float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	i := 0
	for math.Abs(size) >= 1024 && i < len(units)-1 {
		size /= 1024
		i++
	}
	return formatShort(size) + " " + units[i]
}

// formatShort returns a number with at most three digits that tell something behind the point.
func formatShort(value float64) string {
	size := math.Abs(value)
	digits := 3
	switch {
	case math.IsInf(value, 0) || math.IsNaN(value):
		return "–"
	case size >= 1e15:
		return strconv.FormatFloat(value, 'g', 6, 64)
	case size >= 100:
		digits = 0
	case size >= 10:
		digits = 1
	case size >= 1:
		digits = 2
	}
	text := strconv.FormatFloat(value, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}
