package collect

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendJSON appends r to b as the params object of check_metrics.post and returns the longer slice.
// What it appends is one JSON object without a newline, begins with '{' and has at least one field, is
// valid UTF-8 whatever the texts of r hold (wrong bytes become U+FFFD), and holds no key twice.
//
// Dimensions stand in the order in which they first appear, the metrics of one in theirs.
func (r Result) AppendJSON(b []byte) []byte {
	b = append(b, `{"check_id":`...)
	b = appendString(b, r.CheckID)
	b = append(b, `,"check_type":`...)
	b = appendString(b, r.CheckType)
	b = append(b, `,"state":`...)
	b = appendString(b, string(r.State))
	b = append(b, `,"status":`...)
	b = appendString(b, CutStatus(r.Status))
	b = append(b, `,"timestamp":`...)
	b = strconv.AppendInt(b, r.Time.UnixMilli(), 10)
	b = append(b, `,"min_check_period":`...)
	b = strconv.AppendInt(b, r.MinCheckPeriod.Milliseconds(), 10)
	b = append(b, `,"metrics":[`...)
	b = appendMetrics(b, grouped(r.Metrics))
	return append(b, `]}`...)
}

// appendMetrics writes metrics that grouped has put in order.
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
				b = appendString(b, m.Dimension)
			}
			b = append(b, `,{`...)
		}
		b = appendString(b, m.Name)
		b = append(b, `:{"t":`...)
		b = appendString(b, string(m.Type))
		b = append(b, `,"v":`...)
		if m.Type == String {
			b = appendString(b, m.Value)
		} else {
			b = appendString(b, decimal(m.Value))
		}
		if m.Unit != "" {
			b = append(b, `,"u":`...)
			b = appendString(b, m.Unit)
		}
		b = append(b, '}')
	}
	if len(metrics) > 0 {
		b = append(b, `}]`...)
	}
	return b
}

// appendString appends s as a JSON string (RFC 8259). The line separators U+2028 and U+2029, which are
// newlines to some readers, are escaped as well.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, s[start:i]...)
			b = append(b, "\ufffd"...)
			start = i + size
		case r == '\u2028' || r == '\u2029':
			b = append(b, s[start:i]...)
			b = append(b, `\u202`...)
			b = append(b, hex[r&15])
			start = i + size
		}
		i += size
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// validText returns s with every wrong byte replaced by U+FFFD, one for one, as appendString does.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}
