package plugin

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"virgo/collect"
)

// What is said of a wrong line, to the letter.
const (
	badMetric    = "Metric line not in the following format: metric <name> <type> <value> [<unit>]"
	badState     = "State line not in the following format: <available|unavailable>"
	badTimestamp = "Timestamp line not in the following format: timestamp <timestamp>"
)

// maxTimestamp is the latest time that a timestamp line may name: the end of the year 9999, in ms.
const maxTimestamp = 253_402_300_799_999

// virgoFormat reads the existing agent's format: lines that begin with the word status, state, metric
// or timestamp. After the first fault nothing is looked at.
//
// Of several status lines and state lines the first stands, of several timestamps the last.
type virgoFormat struct {
	reading
	status      string
	gotStatus   bool
	gotState    bool
	unavailable bool
	time        time.Time
}

func (v *virgoFormat) line(text []byte) {
	if v.over() {
		return
	}
	s := v.next(text)
	word, rest := firstWord(s)
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

// partial finds no fault in a line that began well: what is missing is told by the note.
func (v *virgoFormat) partial(text []byte) {
	v.at++
	const longest = len("timestamp ")
	s := clean(string(text[:min(len(text), longest)]))
	for _, word := range [...]string{"status ", "state ", "metric ", "timestamp "} {
		if strings.HasPrefix(s, word) || strings.HasPrefix(word, s) {
			return
		}
	}
	v.unrecognized(clean(string(text[:min(len(text), collect.MaxStatusRunes*utf8.UTFMax)])))
}

func (v *virgoFormat) unrecognized(s string) { v.wrong(`Unrecognized line "` + s + `"`) }

// statusLine reads "TEXT", or the older "ok|warn|err TEXT", whose first word becomes a metric.
func (v *virgoFormat) statusLine(rest string) {
	if v.gotStatus {
		return
	}
	v.gotStatus, v.status = true, rest
	words := wordsOf(rest)
	if len(words) == 0 {
		return
	}
	switch state := words[0]; state {
	case "ok", "warn", "err":
		v.add(collect.Metric{Name: "legacy_state", Type: collect.String, Value: state})
		v.status = strings.Join(words[1:], " ")
	}
}

func (v *virgoFormat) stateLine(rest string) {
	switch {
	case v.gotState:
	case rest == string(collect.Available), rest == string(collect.Unavailable):
		v.gotState, v.unavailable = true, rest == string(collect.Unavailable)
	default:
		v.wrong(badState)
	}
}

// metricLine reads "NAME TYPE VALUE [UNIT]".
func (v *virgoFormat) metricLine(rest string) {
	words := wordsOf(rest)
	if len(words) < 3 {
		v.wrong(badMetric)
		return
	}
	m := collect.Metric{Name: words[0], Value: strings.Join(words[2:], " ")}
	if i := strings.LastIndexByte(m.Name, '.'); i >= 0 {
		m.Dimension, m.Name = m.Name[:i], m.Name[i+1:]
	}
	typeName, combination := words[1], `Invalid "<value> [<unit>]" combination "`+m.Value+`" for a non-string metric`
	if typeName != string(collect.String) && len(words) > 4 {
		v.wrong(combination)
		return
	}
	typ, known := metricType(typeName)
	if !known {
		v.wrong(`Invalid type "` + typeName + `" for metric "` + m.Name + `"`)
		return
	}
	if m.Name == "" {
		v.wrong(badMetric)
		return
	}
	m.Type = typ
	if typ != collect.String {
		m.Value = words[2]
		if len(words) == 4 {
			m.Unit = words[3]
		}
		// A figure that is none would be refused by the endpoint, and the whole result with it.
		if !m.Valid() {
			v.wrong(combination)
			return
		}
	}
	v.add(m)
}

// metricType is the protocol's type for a plugin's word.
func metricType(word string) (collect.MetricType, bool) {
	switch t := collect.MetricType(word); t {
	case "int":
		return collect.Int64, true
	case "float":
		return collect.Double, true
	case collect.String, collect.Gauge, collect.Int32, collect.Uint32, collect.Int64, collect.Uint64, collect.Double, collect.Bool:
		return t, true
	}
	return "", false
}

func (v *virgoFormat) timestampLine(rest string) {
	ms, err := strconv.ParseUint(rest, 10, 64)
	if err != nil || ms == 0 || ms > maxTimestamp {
		v.wrong(badTimestamp)
		return
	}
	v.time = time.UnixMilli(int64(ms))
}

func (v *virgoFormat) report(e exit, cut bool) (collect.Report, error) {
	if len(v.faults) > 0 {
		return collect.Report{}, failure(v.faults[0].Text)
	}
	if wrong := e.fault(); wrong != "" {
		if v.status != "" {
			wrong = v.status
		}
		return collect.Report{Time: v.time}, failure(v.noted(wrong, cut))
	}
	return collect.Report{
		Unavailable: v.unavailable,
		Status:      v.noted(v.status, cut),
		Metrics:     v.metrics,
		Time:        v.time,
	}, nil
}

func (v *virgoFormat) examined() (string, []Fault) { return "virgo", v.faults }
