package report

import (
	"bufio"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// stateMeasurement is the measurement with the states of checks.
const stateMeasurement = "virgo_check"

// Influx writes results in InfluxDB's line protocol
// (https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/), which VictoriaMetrics,
// QuestDB and Telegraf read too: for each result a line of the measurement virgo_check with its state, and for
// each dimension a line of the measurement that is named like the check's type, with the metrics as fields.
// Agent, check and dimension are tags. The time is the result's place in time ([intake.Result.PlaceInTime]).
//
// The types of fields never change between lines: gauge and double are floats, the integers are
// integers, of which one beyond the largest signed one is written as that. Numbers that are not finite are left out.
type Influx struct {
	w *bufio.Writer
	b strings.Builder
}

// NewInflux writes to w.
func NewInflux(w io.Writer) *Influx { return &Influx{w: bufio.NewWriter(w)} }

// Write writes a result.
func (x *Influx) Write(r *intake.Result) error {
	x.b.Reset()
	at := strconv.FormatInt(r.PlaceInTime().UnixNano(), 10)
	x.begin(stateMeasurement, r, "")
	tag(&x.b, "type", r.CheckType)
	x.b.WriteString(" available=" + strconv.FormatBool(r.State == "available") + ",refused=" + strconv.FormatBool(r.Refused) +
		",late=" + strconv.FormatBool(r.Late) + ",status=" + fieldText(r.Status) + " " + at + "\n")
	metrics, err := intake.Metrics(r.Params)
	if err != nil {
		metrics = nil
	}
	open, fields := "", 0
	for _, m := range metrics {
		value, ok := fieldValue(m)
		if !ok {
			continue
		}
		if fields > 0 && m.Dimension != open {
			x.b.WriteString(" " + at + "\n")
			fields = 0
		}
		separator := ","
		if fields == 0 {
			x.begin(r.CheckType, r, m.Dimension)
			open, separator = m.Dimension, " "
		}
		fields++
		x.b.WriteString(separator + key(m.Name) + "=" + value)
	}
	if fields > 0 {
		x.b.WriteString(" " + at + "\n")
	}
	_, err = x.w.WriteString(x.b.String())
	return err
}

// begin writes a measurement and the tags of a result.
func (x *Influx) begin(measurement string, r *intake.Result, dimension string) {
	x.b.WriteString(name(measurement))
	tag(&x.b, "agent", r.AgentID)
	tag(&x.b, "check", r.CheckID)
	if dimension != "" {
		tag(&x.b, "dimension", dimension)
	}
}

// Flush writes what is still in memory.
func (x *Influx) Flush() error { return x.w.Flush() }

func tag(b *strings.Builder, name, value string) {
	if value = key(value); value != "" {
		b.WriteString("," + name + "=" + value)
	}
}

var (
	nameEscapes  = strings.NewReplacer(",", `\,`, " ", `\ `)
	keyEscapes   = strings.NewReplacer(",", `\,`, "=", `\=`, " ", `\ `)
	fieldEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
)

// name escapes a measurement. One that begins with # would be a comment.
func name(s string) string {
	s = nameEscapes.Replace(noBackslash(s))
	if s == "" || s[0] == '#' {
		return "_" + s
	}
	return s
}

// key escapes the value of a tag, or the name of a field.
func key(s string) string { return keyEscapes.Replace(noBackslash(s)) }

// noBackslash removes what the protocol cannot express outside of quotes: control characters, and
// backslashes before a comma, a blank, an equals sign or the end: with the one that escapes these they would be two, which
// VictoriaMetrics reads as one backslash and a separator.
func noBackslash(s string) string { return beforeSeparator.ReplaceAllString(noControl(s), "$1") }

var beforeSeparator = regexp.MustCompile(`\\+([,= ]|$)`)

func noControl(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

func fieldText(s string) string { return `"` + fieldEscapes.Replace(noControl(s)) + `"` }

// fieldValue returns a metric's value as that of a field.
func fieldValue(m intake.Metric) (text string, ok bool) {
	if key(m.Name) == "" {
		return "", false
	}
	switch m.Type {
	case "string":
		return fieldText(m.Value), true
	case "bool":
		b, err := strconv.ParseBool(m.Value)
		return strconv.FormatBool(b), err == nil
	case "int32", "uint32", "int64", "uint64":
		n, err := strconv.ParseInt(m.Value, 10, 64)
		if u, unsigned := strconv.ParseUint(m.Value, 10, 64); err != nil && unsigned == nil && u > math.MaxInt64 {
			n, err = math.MaxInt64, nil
		}
		return strconv.FormatInt(n, 10) + "i", err == nil
	}
	f, err := strconv.ParseFloat(m.Value, 64)
	return strconv.FormatFloat(f, 'g', -1, 64), err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
}
