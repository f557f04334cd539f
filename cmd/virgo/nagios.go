package main

import (
	"fmt"
	"strings"

	"virgo/collect"
)

// The exit codes of a Nagios plugin (Monitoring Plugins Development Guidelines).
const (
	nagiosOK = iota
	nagiosWarning
	nagiosCritical
	nagiosUnknown
)

// nagiosWords are what a plugin's line begins with, by exit code.
var nagiosWords = [...]string{nagiosOK: "OK", nagiosWarning: "WARNING", nagiosCritical: "CRITICAL", nagiosUnknown: "UNKNOWN"}

// nagiosCode is the exit code for a result. One that is available says by a metric that something is wrong where it
// reports on what judges itself, a plugin's service or a systemd unit; the worst counts.
func nagiosCode(r collect.Result) int {
	if r.State != collect.Available {
		return nagiosCritical
	}
	worst := nagiosOK
	for _, m := range r.Metrics {
		code := nagiosOK
		switch m.Name + " " + m.Value {
		case "plugin_state warning":
			code = nagiosWarning
		case "plugin_state unknown":
			code = nagiosUnknown
		case "plugin_state critical", "active_state failed":
			code = nagiosCritical
		}
		// Critical is worse than unknown, as in a plugin's own judgement.
		if worst != nagiosCritical && (code > worst || code == nagiosCritical) {
			worst = code
		}
	}
	return worst
}

// nagiosLine is the one line of a plugin: state, text, performance data of the numeric metrics.
func nagiosLine(reg *collect.Registry, r collect.Result, code int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s", nagiosWords[code], r.CheckType, nagiosText(r.Status))
	if s := telling(reg, r); s != "" {
		fmt.Fprintf(&b, " (%s)", nagiosText(s))
	}
	sep := " |"
	for _, m := range r.Metrics {
		if m.Type == collect.String || m.Type == collect.Bool {
			continue
		}
		label := m.Name
		if m.Dimension != "" {
			label = m.Dimension + "." + m.Name
		}
		fmt.Fprintf(&b, "%s'%s'=%s%s", sep, strings.NewReplacer("'", "''", "=", "_", "|", "_").Replace(label), m.Value, nagiosUnit(m))
		sep = " "
	}
	return b.String()
}

// nagiosText keeps text from starting the performance data or a second line.
func nagiosText(s string) string {
	return strings.NewReplacer("|", "/", "\n", " ", "\r", " ").Replace(s)
}

// nagiosUnit gives the unit of measurement that the guidelines know; the others are left out.
func nagiosUnit(m collect.Metric) string {
	switch m.Unit {
	case "bytes":
		return "B"
	case "kilobytes":
		return "KB"
	case "megabytes":
		return "MB"
	case "percent":
		return "%"
	case "milliseconds":
		return "ms"
	case "seconds":
		return "s"
	default:
		return ""
	}
}
