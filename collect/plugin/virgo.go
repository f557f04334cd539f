package plugin

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"virgo/collect"
	"virgo/schedule/shorttext"
)

// Faults of a line. CHECKS.md fixes the texts.
const (
	badMetric    = "Metric line not in the following format: metric <name> <type> <value> [<unit>]"
	badState     = "State line not in the following format: <available|unavailable>"
	badTimestamp = "Timestamp line not in the following format: timestamp <timestamp>"
)

// maxTimestamp is the latest time of a timestamp line: the end of the year 9999, in ms.
const maxTimestamp = 253_402_300_799_999

// virgoFormat reads the original agent's format: lines that begin with the word status, state,
// metric or timestamp. The first status line and the first state line win, and the last timestamp.
type virgoFormat struct {
	parser
	status      string
	gotStatus   bool
	gotState    bool
	unavailable bool
	time        time.Time
}

func (v *virgoFormat) line(text []byte) {
	if v.stopped() {
		return
	}
	s := v.next(text)
	word, rest := cutWord(s)
	switch word {
	case "status":
		v.statusLine(rest)
	case "state":
		v.stateLine(rest)
	case "metric":
		v.metricLine(rest)
	case "timestamp":
		v.timestampLine(rest)
	default:
		v.unrecognized(s)
	}
}

// partial accepts an incomplete line that begins with a keyword: the note in the status says that
// the output was truncated.
func (v *virgoFormat) partial(text []byte) {
	v.lineNumber++
	const longest = len("timestamp ")
	s := shorttext.StripControls(string(text[:min(len(text), longest)]))
	for _, word := range [...]string{"status ", "state ", "metric ", "timestamp "} {
		if strings.HasPrefix(s, word) || strings.HasPrefix(word, s) {
			return
		}
	}
	v.unrecognized(shorttext.StripControls(string(text[:min(len(text), collect.MaxStatusRunes*utf8.UTFMax)])))
}

func (v *virgoFormat) unrecognized(s string) { v.addFault(`Unrecognized line "` + s + `"`) }

// statusLine parses "TEXT", or the older "ok|warn|err TEXT", whose first word becomes a metric.
func (v *virgoFormat) statusLine(rest string) {
	if v.gotStatus {
		return
	}
	v.gotStatus, v.status = true, rest
	words := splitBlanks(rest)
	if len(words) == 0 {
		return
	}
	switch state := words[0]; state {
	case "ok", "warn", "err":
		v.add(collect.Metric{Name: "legacy_state", Type: collect.String, Value: state})
		v.status = strings.Join(words[1:], " ")
	}
}

// stateLine parses "available|unavailable".
func (v *virgoFormat) stateLine(rest string) {
	switch {
	case v.gotState:
	case rest == string(collect.Available), rest == string(collect.Unavailable):
		v.gotState, v.unavailable = true, rest == string(collect.Unavailable)
	default:
		v.addFault(badState)
	}
}

// metricLine parses "NAME TYPE VALUE [UNIT]".
func (v *virgoFormat) metricLine(rest string) {
	words := splitBlanks(rest)
	if len(words) < 3 {
		v.addFault(badMetric)
		return
	}
	m := collect.Metric{Name: words[0], Value: strings.Join(words[2:], " ")}
	if i := strings.LastIndexByte(m.Name, '.'); i >= 0 {
		m.Dimension, m.Name = m.Name[:i], m.Name[i+1:]
	}
	typeName := words[1]
	badValue := `Invalid "<value> [<unit>]" combination "` + m.Value + `" for a non-string metric`
	if typeName != string(collect.String) && len(words) > 4 {
		v.addFault(badValue)
		return
	}
	typ, known := metricType(typeName)
	if !known {
		v.addFault(`Invalid type "` + typeName + `" for metric "` + m.Name + `"`)
		return
	}
	if m.Name == "" {
		v.addFault(badMetric)
		return
	}
	m.Type = typ
	if typ != collect.String {
		m.Value = words[2]
		if len(words) == 4 {
			m.Unit = words[3]
		}
		// The endpoint would refuse the whole result for one invalid value.
		if !m.Normalize() {
			v.addFault(badValue)
			return
		}
	}
	v.add(m)
}

// metricType returns the protocol's type for a plugin's name of it.
func metricType(word string) (collect.MetricType, bool) {
	switch t := collect.MetricType(word); t {
	case "int":
		return collect.Int64, true
	case "float":
		return collect.Double, true
	case collect.String, collect.Bool, collect.Gauge, collect.Double,
		collect.Int32, collect.Uint32, collect.Int64, collect.Uint64:
		return t, true
	}
	return "", false
}

// timestampLine parses the time in ms since 1970.
func (v *virgoFormat) timestampLine(rest string) {
	ms, err := strconv.ParseUint(rest, 10, 64)
	if err != nil || ms == 0 || ms > maxTimestamp {
		v.addFault(badTimestamp)
		return
	}
	v.time = time.UnixMilli(int64(ms))
}

func (v *virgoFormat) report(e exit, truncated bool) (collect.Report, error) {
	if v.fatal != nil {
		return collect.Report{}, failure(v.fatal.Text)
	}
	if fault := e.fault(); fault != "" {
		if v.status != "" {
			fault = v.status
		}
		return collect.Report{Time: v.time}, failure(v.withNote(fault, truncated))
	}
	return collect.Report{
		Unavailable: v.unavailable,
		Status:      v.withNote(v.status, truncated),
		Metrics:     v.metrics,
		Time:        v.time,
	}, nil
}

func (v *virgoFormat) diagnosis() (string, []Fault) { return "virgo", v.faults }
