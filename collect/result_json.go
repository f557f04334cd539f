package collect

import (
	"strconv"

	"virgo/schedule/shorttext"
)

// AppendJSON appends r to b as the params object of check_metrics.post and returns the extended
// slice. It appends one JSON object without a newline, with at least one field and distinct keys.
// The JSON is valid UTF-8 whatever the texts of r contain: invalid bytes become U+FFFD.
//
// Dimensions are in the order in which they first appear, and so are the metrics of each dimension.
func (r Result) AppendJSON(b []byte) []byte {
	b = append(b, `{"check_id":`...)
	b = shorttext.AppendJSON(b, r.CheckID)
	b = append(b, `,"check_type":`...)
	b = shorttext.AppendJSON(b, r.CheckType)
	b = append(b, `,"state":`...)
	b = shorttext.AppendJSON(b, string(r.State))
	b = append(b, `,"status":`...)
	b = shorttext.AppendJSON(b, TruncateStatus(r.Status))
	if r.Refused {
		b = append(b, `,"refused":true`...)
	}
	b = append(b, `,"timestamp":`...)
	b = strconv.AppendInt(b, r.Time.UnixMilli(), 10)
	b = append(b, `,"min_check_period":`...)
	b = strconv.AppendInt(b, r.MinCheckPeriod.Milliseconds(), 10)
	b = append(b, `,"metrics":[`...)
	b = appendMetrics(b, grouped(r.Metrics))
	return append(b, `]}`...)
}

// appendMetrics appends metrics in the form that grouped returns.
func appendMetrics(b []byte, metrics []Metric) []byte {
	for i, m := range metrics {
		switch {
		case i > 0 && m.Dimension == metrics[i-1].Dimension:
			b = append(b, ',')
		default:
			if i > 0 {
				b = append(b, `}],`...)
			}
			b = append(b, '[')
			if m.Dimension == "" {
				b = append(b, `null`...)
			} else {
				b = shorttext.AppendJSON(b, m.Dimension)
			}
			b = append(b, `,{`...)
		}
		b = shorttext.AppendJSON(b, m.Name)
		b = append(b, `:{"t":`...)
		b = shorttext.AppendJSON(b, string(m.Type))
		b = append(b, `,"v":`...)
		m.Normalize()
		b = shorttext.AppendJSON(b, m.Value)
		if m.Unit != "" {
			b = append(b, `,"u":`...)
			b = shorttext.AppendJSON(b, m.Unit)
		}
		b = append(b, '}')
	}
	if len(metrics) > 0 {
		b = append(b, `}]`...)
	}
	return b
}
