package main

import (
	"fmt"
	"math"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/schedule/number"
)

// A nagiosRange is the values that need no alert, or with inside set those that do, in the form of
// the Monitoring Plugins Development Guidelines, "Threshold and Ranges": [@][START:][END], where START
// is 0 if it is left out, ~ is minus infinity, and an END that is left out is infinity.
type nagiosRange struct {
	text       string
	start, end float64
	inside     bool
}

func parseNagiosRange(text string) (nagiosRange, error) {
	r := nagiosRange{text: text, end: math.Inf(1)}
	rest, inside := strings.CutPrefix(text, "@")
	r.inside = inside
	start, end, both := strings.Cut(rest, ":")
	if !both {
		start, end = "", start
	}
	ok := both || end != ""
	switch start {
	case "":
	case "~":
		r.start = math.Inf(-1)
	default:
		n, valid := number.Parse(start)
		r.start, ok = n, ok && valid
	}
	if end != "" {
		n, valid := number.Parse(end)
		r.end, ok = n, ok && valid
	}
	switch {
	case !ok:
		return r, fmt.Errorf("%q is not a range such as 10, 10:, ~:10, 10:20 or @10:20", text)
	case r.start > r.end:
		return r, fmt.Errorf("the range %q ends before it starts", text)
	}
	return r, nil
}

// alerts reports whether a value needs an alert. Both ends belong to the range.
func (r nagiosRange) alerts(n float64) bool {
	return (r.start <= n && n <= r.end) == r.inside
}

// words says where an alerting value is.
func (r nagiosRange) words() string {
	if r.inside {
		return "within " + r.text
	}
	return "outside " + r.text
}

// thresholds are the ranges of metrics, by name or by dimension and name ("eth0.rx_bytes").
type thresholds map[string]nagiosRange

// parseThresholds parses the values of --warning and --critical: METRIC=RANGE.
func parseThresholds(flag string, words []string) (thresholds, error) {
	all := make(thresholds, len(words))
	for _, word := range words {
		at := strings.LastIndexByte(word, '=')
		if at <= 0 {
			return nil, agent.WithCode(agent.ExitUsage, agent.WithHint(
				fmt.Errorf("%s %q does not have the form METRIC=RANGE", flag, word), "for example "+flag+" 5m=10",
			))
		}
		name := word[:at]
		if _, ok := all[name]; ok {
			return nil, agent.UsageError("%s is given twice for %q", flag, name)
		}
		r, err := parseNagiosRange(word[at+1:])
		if err != nil {
			return nil, agent.UsageError("%s %q: %w", flag, name, err)
		}
		all[name] = r
	}
	return all, nil
}

// judge returns the exit code for a metric and why it is not nagiosOK.
func judge(warning, critical nagiosRange, label, value string) (code int, why string) {
	n, ok := number.Parse(value)
	if !ok {
		return nagiosUnknown, fmt.Sprintf("%s %q is no number", label, value)
	}
	for _, r := range []struct {
		code int
		nagiosRange
	}{{nagiosCritical, critical}, {nagiosWarning, warning}} {
		if r.text != "" && r.alerts(n) {
			return r.code, fmt.Sprintf("%s %s is %s", label, value, r.words())
		}
	}
	return nagiosOK, ""
}
