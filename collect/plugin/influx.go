package plugin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"virgo/collect"
)

// influxFormat reads InfluxDB's line protocol, "measurement[,tag=value…] field=value[,field=value…] [time]",
// as Telegraf's exec input does.
type influxFormat struct{ reading }

func (f *influxFormat) line(text []byte) {
	if f.over() {
		return
	}
	s := strings.Trim(f.next(text), blanks)
	if s == "" || s[0] == '#' {
		return
	}
	point, fault := pointOf(s)
	if fault != "" {
		f.wrong(fault)
		return
	}
	for _, m := range point.fields {
		m.Dimension = point.series
		f.add(m)
	}
}

func (f *influxFormat) partial([]byte) {}

func (f *influxFormat) report(e exit, cut bool) (collect.Report, error) {
	return f.figures("influx", e, cut)
}

func (f *influxFormat) examined() (string, []Fault) { return "influx", f.faults }

// saysInflux reports whether a first line is a point.
func saysInflux(s string) bool {
	point, fault := pointOf(s)
	return fault == "" && !isJudgement(point.series)
}

// A point is one line of the line protocol.
type point struct {
	series string           // the measurement and its tags in their order: "cpu,cpu=cpu0,host=a"
	fields []collect.Metric // without dimension
}

// pointOf reads a line without blanks around it. The point's own time is read and not used: a result has
// one time only.
func pointOf(s string) (p point, fault string) {
	measurement, rest := unescape(s, ", ", ", ")
	if measurement == "" {
		return p, "no measurement is named"
	}
	p.series = measurement
	if rest, fault = p.readTags(rest); fault != "" {
		return p, fault
	}
	rest = " " + strings.TrimLeft(rest, " ") // more than one blank is often seen
	for rest != "" && (rest[0] == ',' || len(p.fields) == 0) {
		var m collect.Metric
		if m.Name, rest = unescape(rest[1:], influxKey, influxKey); m.Name == "" || !strings.HasPrefix(rest, "=") {
			return p, fmt.Sprintf("field %.64q of %.64q has no value", m.Name, measurement)
		}
		if rest, fault = fieldValue(&m, rest[1:]); fault != "" {
			return p, fmt.Sprintf("field %.64q of %.64q: %s", m.Name, measurement, fault)
		}
		if len(p.fields) <= collect.MaxMetrics { // one more, which tells that there were more
			p.fields = append(p.fields, m)
		}
	}
	if rest = strings.TrimLeft(rest, " "); rest != "" {
		if _, err := strconv.ParseInt(rest, 10, 64); err != nil {
			return p, fmt.Sprintf("%.64q of %.64q is no timestamp", rest, measurement)
		}
	}
	return p, ""
}

// influxKey are the marks that end a key or a tag's value, and that a backslash makes part of it.
const influxKey = ",= "

// readTags adds the tags to the series, which so far is the measurement, and says what comes after.
func (p *point) readTags(s string) (rest, fault string) {
	var tags []string
	for strings.HasPrefix(s, ",") {
		var tag, value string
		if tag, s = unescape(s[1:], influxKey, influxKey); strings.HasPrefix(s, "=") {
			value, s = unescape(s[1:], influxKey, influxKey)
		}
		if tag == "" || value == "" || strings.HasPrefix(s, "=") {
			return "", fmt.Sprintf("tag %.64q of %.64q has no value", tag, p.series)
		}
		tags = append(tags, tag+"="+value)
	}
	slices.Sort(tags)
	p.series = strings.Join(append([]string{p.series}, tags...), ",")
	return s, ""
}

// fieldValue reads a field's value into m and says what comes after: "," or a blank and more, or nothing.
func fieldValue(m *collect.Metric, s string) (rest, fault string) {
	if strings.HasPrefix(s, `"`) {
		m.Type = collect.String
		if m.Value, rest = unescape(s[1:], `"`, `"\`); rest == "" {
			return "", "the text is not closed by a quotation mark"
		}
		if rest = rest[1:]; rest != "" && rest[0] != ',' && rest[0] != ' ' {
			return "", fmt.Sprintf("%.64q follows the text", rest)
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
	number, suffix := splitNumber(value)
	m.Value = strings.TrimPrefix(number, "+")
	switch {
	case suffix == "i":
		m.Type = collect.Int64
	case suffix == "u":
		m.Type = collect.Uint64
	case suffix == "":
		m.Type = collect.Double
		n, _ := strconv.ParseFloat(number, 64)
		m.Value = figure(number, n)
	}
	if number == "" || !m.Valid() {
		return "", fmt.Sprintf("%.64q is no value", value)
	}
	return rest, ""
}
