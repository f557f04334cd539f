package plugin

import (
	"fmt"
	"strconv"
	"strings"

	"virgo/collect"
)

// influxFormat reads InfluxDB's line protocol, "measurement[,tag=value…] field=value[,field=value…]
// [time]", as Telegraf's exec input does.
type influxFormat struct{ parser }

func (f *influxFormat) line(text []byte) {
	if f.stopped() {
		return
	}
	s := strings.Trim(f.next(text), blanks)
	if s == "" || s[0] == '#' {
		return
	}
	// As in InfluxDB, a line that cannot be read costs itself, and the points of the others are kept.
	point, fault := parsePoint(s)
	if fault != "" {
		f.skip(fault)
		return
	}
	for _, m := range point.fields {
		m.Dimension = point.series
		f.add(m)
	}
}

func (f *influxFormat) partial([]byte) {}

func (f *influxFormat) report(e exit, truncated bool) (collect.Report, error) {
	return f.metricsReport("influx", e, truncated)
}

func (f *influxFormat) diagnosis() (string, []Fault) { return "influx", f.faults }

// isInfluxLine reports whether a first line is a point, and not Nagios's text.
func isInfluxLine(s string) bool {
	point, fault := parsePoint(s)
	return fault == "" && !isStateWord(point.series)
}

// A point is one line of the line protocol.
type point struct {
	series string           // the measurement and its tags, sorted: "cpu,cpu=cpu0,host=a"
	fields []collect.Metric // without dimension
}

// parsePoint parses a line that has no blanks around it. The point's timestamp is validated and
// ignored, since a result has one time.
func parsePoint(s string) (p point, fault string) {
	measurement, rest := unescape(s, ", ", ", ")
	if measurement == "" {
		return p, "the measurement is missing"
	}
	if rest, fault = p.parseTags(measurement, rest); fault != "" {
		return p, fault
	}
	rest = " " + strings.TrimLeft(rest, " ") // the specification allows one blank, plugins print several
	for rest != "" && (rest[0] == ',' || len(p.fields) == 0) {
		var m collect.Metric
		m.Name, rest = unescape(rest[1:], influxKeyEnds, influxKeyEnds)
		if m.Name == "" || !strings.HasPrefix(rest, "=") {
			return p, fmt.Sprintf("field %.64q of %.64q has no value", m.Name, measurement)
		}
		if rest, fault = parseFieldValue(&m, rest[1:]); fault != "" {
			return p, fmt.Sprintf("field %.64q of %.64q: %s", m.Name, measurement, fault)
		}
		if len(p.fields) <= collect.MaxMetrics { // one above the limit, so that the excess is noticed
			p.fields = append(p.fields, m)
		}
	}
	if rest = strings.TrimLeft(rest, " "); rest != "" {
		if _, err := strconv.ParseInt(rest, 10, 64); err != nil {
			return p, fmt.Sprintf("%.64q of %.64q is not a timestamp", rest, measurement)
		}
	}
	return p, ""
}

// influxKeyEnds are the bytes that end a key or a tag's value unless a backslash precedes them.
const influxKeyEnds = ",= "

// parseTags sets the series and returns what follows the tags.
func (p *point) parseTags(measurement, s string) (rest, fault string) {
	var tags []tag
	for strings.HasPrefix(s, ",") {
		var t tag
		if t.name, s = unescape(s[1:], influxKeyEnds, influxKeyEnds); strings.HasPrefix(s, "=") {
			t.value, s = unescape(s[1:], influxKeyEnds, influxKeyEnds)
		}
		if t.name == "" || t.value == "" || strings.HasPrefix(s, "=") {
			return "", fmt.Sprintf("tag %.64q of %.64q has no value", t.name, measurement)
		}
		if hasTag(tags, t.name) {
			return "", fmt.Sprintf("%.64q has two tags %.64q", measurement, t.name)
		}
		tags = append(tags, t)
	}
	p.series = appendTags(escapeTag(measurement, ",", len(tags) == 0), tags)
	return s, ""
}

// parseFieldValue parses a field's value into m and returns what follows: nothing, or text that
// begins with "," or a blank.
func parseFieldValue(m *collect.Metric, s string) (rest, fault string) {
	if strings.HasPrefix(s, `"`) {
		m.Type = collect.String
		if m.Value, rest = unescape(s[1:], `"`, `"\`); rest == "" {
			return "", "the string has no closing quotation mark"
		}
		if rest = rest[1:]; rest != "" && rest[0] != ',' && rest[0] != ' ' {
			return "", fmt.Sprintf("%.64q follows the string", rest)
		}
		return rest, ""
	}
	value, rest := s, ""
	if i := strings.IndexAny(s, ", "); i >= 0 {
		value, rest = s[:i], s[i:]
	}
	switch value {
	case "t", "T", "true", "True", "TRUE":
		m.Type, m.Value = collect.Bool, "true"
		return rest, ""
	case "f", "F", "false", "False", "FALSE":
		m.Type, m.Value = collect.Bool, "false"
		return rest, ""
	}
	number, suffix := cutNumber(value)
	m.Value = strings.TrimPrefix(number, "+")
	switch {
	case suffix == "i":
		m.Type = collect.Int64
	case suffix == "u":
		m.Type = collect.Uint64
	case suffix == "":
		m.Type = collect.Double
		n, _ := strconv.ParseFloat(number, 64)
		m.Value = formatNumber(number, n)
	}
	if number == "" || !m.Normalize() {
		return "", fmt.Sprintf("%.64q is not a value", value)
	}
	return rest, ""
}
