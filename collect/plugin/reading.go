package plugin

import "virgo/collect"

// A reading is the metrics that a format has found, bounded to what a result can hold.
type reading struct {
	metrics []collect.Metric
	bytes   int // of the metrics as JSON, at most
	note    string
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
