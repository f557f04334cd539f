package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/collect"
	"virgo/schedule/shorttext"
)

// The exit codes of a Nagios plugin (Monitoring Plugins Development Guidelines).
const (
	nagiosOK = iota
	nagiosWarning
	nagiosCritical
	nagiosUnknown
)

// nagiosWords begin the line of a plugin, by exit code.
var nagiosWords = [...]string{nagiosOK: "OK", nagiosWarning: "WARNING", nagiosCritical: "CRITICAL", nagiosUnknown: "UNKNOWN"}

// A nagiosOutput is --nagios with its thresholds.
type nagiosOutput struct{ warning, critical thresholds }

// newNagiosOutput parses the flags. Error: a usage error.
func newNagiosOutput(warning, critical []string) (o nagiosOutput, err error) {
	if o.warning, err = parseThresholds("--warning", warning); err != nil {
		return o, err
	}
	o.critical, err = parseThresholds("--critical", critical)
	return o, err
}

// worse returns the worse of two exit codes: critical is worse than unknown, as in package plugin.
func worse(a, b int) int {
	if a == nagiosCritical || b == nagiosCritical {
		return nagiosCritical
	}
	return max(a, b)
}

// format returns the line of a plugin and its exit code: state, text, performance data of the numeric
// metrics with their thresholds. Error: a threshold is for a metric that an available result does not
// have.
func (o nagiosOutput) format(reg *collect.Registry, r collect.Result) (line string, code int, err error) {
	code = nagiosCode(r)
	var perfdata strings.Builder
	var alerts []string
	unused := make(map[string]bool)
	for _, names := range []thresholds{o.warning, o.critical} {
		for name := range names {
			unused[name] = true
		}
	}
	sep := " |"
	for _, m := range r.Metrics {
		label := nagiosLabel(m)
		warning, critical := o.warning.of(m, unused), o.critical.of(m, unused)
		if warning.text != "" || critical.text != "" {
			found, why := judge(warning, critical, label, m.Value)
			if code = worse(code, found); why != "" {
				alerts = append(alerts, why)
			}
		}
		if m.Type == collect.String || m.Type == collect.Bool {
			continue
		}
		escaped := strings.NewReplacer("'", "''", "=", "_", "|", "_").Replace(label)
		fmt.Fprintf(&perfdata, "%s'%s'=%s%s", sep, escaped, m.Value, nagiosUnit(m))
		switch {
		case critical.text != "":
			fmt.Fprintf(&perfdata, ";%s;%s", warning.text, critical.text)
		case warning.text != "":
			fmt.Fprintf(&perfdata, ";%s", warning.text)
		}
		sep = " "
	}
	if r.State == collect.Available {
		if err := unusedThreshold(unused, r); err != nil {
			return "", nagiosUnknown, err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s ", nagiosWords[code], r.CheckType)
	for i, why := range alerts {
		if i == maxAlerts {
			fmt.Fprintf(&b, "%d more; ", len(alerts)-i)
			break
		}
		b.WriteString(nagiosText(why) + "; ")
	}
	b.WriteString(nagiosText(r.Status))
	if s := strings.Join(agent.KeyFigures(reg, r, collect.Result{}), ", "); s != "" {
		fmt.Fprintf(&b, " (%s)", nagiosText(s))
	}
	return shorttext.Sanitize(b.String() + perfdata.String()), code, nil
}

// maxAlerts is the number of metrics that the text names as outside their ranges.
const maxAlerts = 5

// of returns the range of a metric, and deletes its name from unused; its zero value: there is none.
func (t thresholds) of(m collect.Metric, unused map[string]bool) (r nagiosRange) {
	for _, name := range []string{m.Name, nagiosLabel(m)} { // the more exact one counts
		if found, ok := t[name]; ok {
			delete(unused, name)
			r = found
		}
	}
	return r
}

// unusedThreshold returns an error for a threshold without a metric: it would never alert.
func unusedThreshold(unused map[string]bool, r collect.Result) error {
	var known []string
	for _, m := range r.Metrics {
		known = append(known, m.Name, nagiosLabel(m))
	}
	for name := range unused {
		err := fmt.Errorf("%s has no metric %q", r.CheckType, name)
		if near := shorttext.Nearest(name, known); near != "" {
			err = fmt.Errorf("%w, did you mean %q?", err, near)
		}
		return agent.WithCode(agent.ExitUsage, agent.WithHint(err, "virgo check "+r.CheckType+" prints its metrics"))
	}
	return nil
}

// unknownUsage prints a command line that cannot be parsed as a plugin does: other exit codes mean
// that the service is at fault. It returns the error if the command line is not of check --nagios.
func unknownUsage(a *agent.Program, args []string, err error) error {
	if !slices.Contains(args, "check") || !slices.Contains(args, "--nagios") {
		return err
	}
	return nagiosUnknownError(a, err)
}

// nagiosUnknownError prints an error as a plugin does, if it is not printed yet.
func nagiosUnknownError(a *agent.Program, err error) error {
	var printed *agent.ExitError
	if errors.As(err, &printed) && printed.Err == nil {
		return err
	}
	fmt.Fprintln(a.Out, nagiosWords[nagiosUnknown]+": "+nagiosText(agent.OneLine(err.Error())))
	return &agent.ExitError{Code: nagiosUnknown}
}

// nagiosLabel returns the label of a metric in performance data.
func nagiosLabel(m collect.Metric) string {
	if m.Dimension == "" {
		return m.Name
	}
	return m.Dimension + "." + m.Name
}

// nagiosCode returns the exit code for a result without thresholds. An available result may still
// report by a metric that something is wrong: the state of a plugin's service or of a systemd unit;
// the worst one counts.
func nagiosCode(r collect.Result) int {
	if r.State != collect.Available {
		return nagiosCritical
	}
	worst := nagiosOK
	for _, m := range r.Metrics {
		switch m.Name + " " + m.Value {
		case "plugin_state warning":
			worst = worse(worst, nagiosWarning)
		case "plugin_state unknown":
			worst = worse(worst, nagiosUnknown)
		case "plugin_state critical", "active_state failed":
			worst = nagiosCritical
		}
	}
	return worst
}

// nagiosText removes what would begin performance data or a second line.
func nagiosText(s string) string {
	return strings.NewReplacer("|", "/", "\n", " ", "\r", " ", "\u00a0", " ").Replace(s)
}

// nagiosUnit returns the unit of measurement if the guidelines have it, otherwise an empty string.
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
