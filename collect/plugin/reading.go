package plugin

import (
	"strings"

	"virgo/collect"
)

// A reading is what a format has found so far: the metrics, bounded to what a result can hold, and the
// faults.
type reading struct {
	metrics []collect.Metric
	bytes   int // of the metrics as JSON, at most
	note    string

	at     int  // number of the line that is being read, from 1
	all    bool // keep every fault, not the first only
	faults []Fault
}

// What is said of an output that was not kept whole.
const (
	cutAtBytes   = "Output cut at 1 MiB"
	cutAtMetrics = "Output cut at 10000 metrics"
)

// Upper bounds of what JSON takes besides the texts: of a result, of a metric, of a dimension.
const (
	resultJSON    = 8 << 10
	metricJSON    = 40
	dimensionJSON = 12
)

// next is the text of the next line, which it counts.
func (r *reading) next(text []byte) string {
	r.at++
	s := clean(string(text))
	if r.at == 1 {
		s = strings.TrimPrefix(s, byteOrderMark)
	}
	return s
}

// wrong keeps a fault of the line that is being read.
func (r *reading) wrong(text string) {
	if len(r.faults) == 0 || r.all && len(r.faults) < maxFaults {
		r.faults = append(r.faults, Fault{Line: r.at, Text: text})
	}
}

// over says that nothing that comes can change what is told of a format that stops at its first fault.
func (r *reading) over() bool { return len(r.faults) > 0 && !r.all || len(r.faults) == maxFaults }

// refused is the first fault as the status of a result; nil where there is none.
func (r *reading) refused(format string) error {
	if len(r.faults) == 0 {
		return nil
	}
	return failed("Line %d is not in the format %s: %s", r.faults[0].Line, format, r.faults[0].Text)
}

// figures is the report of a format that has nothing but metrics: the exit code means what it means to
// everybody.
func (r *reading) figures(format string, e exit, cut bool) (collect.Report, error) {
	if err := r.refused(format); err != nil {
		return collect.Report{}, err
	}
	if said := e.fault(); said != "" {
		return collect.Report{}, failure(r.noted(said, cut))
	}
	return collect.Report{Status: r.noted("", cut), Metrics: r.metrics}, nil
}

// add keeps a metric, or notes that there was no room for it.
func (r *reading) add(m collect.Metric) {
	n := metricJSON + escaped(m.Name) + escaped(m.Value) + escaped(m.Unit)
	if last := len(r.metrics) - 1; last < 0 || r.metrics[last].Dimension != m.Dimension {
		n += dimensionJSON + escaped(m.Dimension)
	}
	switch {
	case r.note != "":
	case len(r.metrics) == collect.MaxMetrics:
		r.note = cutAtMetrics
	case r.bytes+n > collect.MaxResultBytes-resultJSON:
		r.note = cutAtBytes
	default:
		r.bytes += n
		r.metrics = append(r.metrics, m)
	}
}

// noted is status with the note that not all was kept in front, where it is never cut off itself. cut
// says that the output was longer than what is looked at.
func (r *reading) noted(status string, cut bool) string {
	note := r.note
	if note == "" && cut {
		note = cutAtBytes
	}
	switch {
	case note == "":
		return status
	case status == "":
		return note
	}
	return note + ": " + status
}

// escaped is an upper bound of the length of s in JSON.
func escaped(s string) int {
	n := len(s)
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ':
			n += 5
		case c == '"' || c == '\\' || c >= 0x80:
			n++
		}
	}
	return n
}

// byteOrderMark is what some Windows programs begin with.
const byteOrderMark = "\ufeff"

// blanks separate words. Others, as the no-break space, belong to a value.
const blanks = " \t\v\f\r"

func wordsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(blanks, r) })
}

// firstWord is s up to its first blank, and what comes after, without the blanks around it.
func firstWord(s string) (word, rest string) {
	if i := strings.IndexAny(s, blanks); i >= 0 {
		return s[:i], strings.Trim(s[i:], blanks)
	}
	return s, ""
}

// clean replaces what is no text: bytes that are not UTF-8, and NUL.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	return strings.ReplaceAll(s, "\x00", "\ufffd")
}
