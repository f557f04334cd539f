package plugin

import (
	"fmt"
	"strings"

	"virgo/collect"
	"virgo/schedule/shorttext"
)

// A parser is what all formats share: it collects the metrics that fit into a result, and the
// faults.
type parser struct {
	metrics []collect.Metric
	bytes   int    // upper bound of the metrics' length in JSON
	note    string // noteBytesCut or noteMetricsCut once a metric did not fit

	known seriesIndex // of metrics

	lineNumber int  // of the current line, from 1
	allFaults  bool // keep all faults in faults, not only the first
	faults     []Fault
	fatal      *Fault // the first one that leaves no result
	skipped    *Fault // the first one whose line or element is left out
	skips      int    // how many of these
}

// Notes in the status where the output exceeded a limit; CHECKS.md asks for them.
const (
	noteBytesCut   = "Output cut at 1 MiB"
	noteMetricsCut = "Output cut at 10000 metrics"
)

// Upper bounds of the JSON around the texts of a result, a metric and a dimension.
const (
	resultJSON    = 8 << 10
	metricJSON    = 40
	dimensionJSON = 12
)

// next counts a line and returns its text, without control characters.
func (p *parser) next(text []byte) string {
	p.lineNumber++
	s := string(text)
	if p.lineNumber == 1 {
		s = strings.TrimPrefix(s, byteOrderMark)
	}
	return shorttext.StripControls(s)
}

// noteFault keeps a fault of the current line for a [Trial]; the result does not show it.
func (p *parser) noteFault(text string) {
	if len(p.faults) == 0 || p.allFaults && len(p.faults) < maxFaults {
		p.faults = append(p.faults, Fault{Line: p.lineNumber, Text: text})
	}
}

// addFault adds a fault of the current line, because of which there is no result.
func (p *parser) addFault(text string) {
	if p.fatal == nil {
		p.fatal = &Fault{Line: p.lineNumber, Text: text}
	}
	p.noteFault(text)
}

// skip adds a fault of the current line that costs only the line, or a part of it. The status tells
// the first one.
func (p *parser) skip(text string) {
	if p.skipped == nil {
		p.skipped = &Fault{Line: p.lineNumber, Text: text}
	}
	p.skips++
	p.noteFault(text)
}

// stopped reports whether a fault leaves nothing more to read.
func (p *parser) stopped() bool {
	return p.fatal != nil && (!p.allFaults || len(p.faults) == maxFaults)
}

// failed returns why there is no result, as its status: a fatal fault, or a fault of an output of
// which nothing could be read. It is nil where there is a result.
func (p *parser) failed(format string) error {
	f := p.fatal
	if f == nil && len(p.metrics) == 0 {
		f = p.skipped
	}
	if f == nil {
		return nil
	}
	return lineFailure{failuref("Line %d is not in the format %s: %s", f.Line, format, f.Text)}
}

// A lineFailure is a failure because of a line, which a status has no room for.
type lineFailure struct{ error }

func (l lineFailure) Unwrap() error { return l.error }

// metricsReport returns the report of a format that has metrics only: any exit code but 0 is a
// failure.
func (p *parser) metricsReport(format string, e exit, truncated bool) (collect.Report, error) {
	if err := p.failed(format); err != nil {
		return collect.Report{}, err
	}
	if fault := e.fault(); fault != "" {
		return collect.Report{}, failure(p.withNote(fault, truncated))
	}
	return collect.Report{Status: p.withNote("", truncated), Metrics: p.metrics}, nil
}

// add adds a metric, or sets the note where it does not fit. Of two values for one metric the first
// stands.
func (p *parser) add(m collect.Metric) {
	if i := p.insert(m); i >= 0 {
		p.skip(twice(p.metrics[i]))
	}
}

// twice describes a second value for m.
func twice(m collect.Metric) string {
	if m.Dimension == "" {
		return fmt.Sprintf("there are two values for the metric %.64q; the first stands", m.Name)
	}
	return fmt.Sprintf("there are two values for the metric %.64q of %.64q; the first stands", m.Name, m.Dimension)
}

// insert adds a metric unless there is one of its dimension and name, whose place it returns; else
// it returns -1.
func (p *parser) insert(m collect.Metric) int {
	m.Dimension, m.Name = shorttext.StripControls(m.Dimension), shorttext.StripControls(m.Name)
	m.Value, m.Unit = shorttext.StripControls(m.Value), shorttext.StripControls(m.Unit)
	if i := p.known.find(p.metrics, m); i >= 0 {
		return i
	}
	n := metricJSON + jsonLength(m.Name) + jsonLength(m.Value) + jsonLength(m.Unit)
	if last := len(p.metrics) - 1; last < 0 || p.metrics[last].Dimension != m.Dimension {
		n += dimensionJSON + jsonLength(m.Dimension)
	}
	switch {
	case p.note != "":
	case len(p.metrics) == collect.MaxMetrics:
		p.note = noteMetricsCut
	case p.bytes+n > collect.MaxResultBytes-resultJSON:
		p.note = noteBytesCut
	default:
		p.bytes += n
		p.metrics = append(p.metrics, m)
		p.known.add(p.metrics)
	}
	return -1
}

// withNote returns status behind what was left out, which thus is never truncated itself. truncated
// says that the output was longer than what was read.
func (p *parser) withNote(status string, truncated bool) string {
	note := p.note
	if note == "" && truncated {
		note = noteBytesCut
	}
	if p.skipped != nil {
		skipped := fmt.Sprintf("Line %d: %s", p.skipped.Line, p.skipped.Text)
		if p.skips > 1 {
			skipped += fmt.Sprintf(" (and %d more)", p.skips-1)
		}
		if note != "" {
			skipped = note + ". " + skipped
		}
		note = skipped
	}
	status = shorttext.StripControls(status)
	switch {
	case note == "":
		return status
	case status == "":
		return note
	}
	return note + ": " + status
}

// jsonLength returns an upper bound of the length of s in JSON, without its quotation marks.
func jsonLength(s string) int {
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

// byteOrderMark is what the output of some Windows programs begins with.
const byteOrderMark = "\ufeff"

// blanks separate words. Other white space, such as the no-break space, belongs to a value.
const blanks = " \t\v\f\r"

func splitBlanks(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(blanks, r) })
}

// cutWord returns s up to its first blank, and the rest without the blanks around it.
func cutWord(s string) (word, rest string) {
	if i := strings.IndexAny(s, blanks); i >= 0 {
		return s[:i], strings.Trim(s[i:], blanks)
	}
	return s, ""
}
