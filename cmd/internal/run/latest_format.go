package run

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/collect"
)

// maxLatestBytes bounds what is stored of a check's latest result: some 300 metrics. Of a longer one
// the metrics are left out, because a run would write all of them twice.
const maxLatestBytes = 16 << 10

// latestVersion begins a stored result.
const latestVersion = "1"

// metricTypes are the types of metrics, by the digit that is stored for them.
func metricTypes() []collect.MetricType {
	return []collect.MetricType{
		collect.String, collect.Gauge, collect.Int32, collect.Uint32, collect.Int64, collect.Uint64, collect.Double, collect.Bool,
	}
}

// appendLatest appends the stored form of a latest result: lines whose fields are separated by tabs.
// It has half the length of the JSON that is sent, because every run writes both, and what is written
// is most of what it costs.
//
//	1  check type  state  status  time (ms)  period (ms)
//	   dimension                                         before its metrics; none before the first
//	name  type  value  unit                              type is a digit, see metricTypes
//
// Tabs and line feeds within a text become blanks. The check's id is the key.
func appendLatest(b []byte, r collect.Result) []byte {
	types := metricTypes()
	start := len(b)
	b = appendFields(b, latestVersion, r.CheckType, string(r.State), collect.TruncateStatus(r.Status),
		strconv.FormatInt(r.Time.UnixMilli(), 10), strconv.FormatInt(r.MinCheckPeriod.Milliseconds(), 10))
	head := len(b)
	dimension := ""
	for _, m := range r.Metrics {
		i := slices.Index(types, m.Type)
		if i < 0 {
			continue
		}
		if m.Dimension != dimension {
			dimension = m.Dimension
			b = appendFields(b, "", dimension)
		}
		b = appendFields(b, m.Name, strconv.Itoa(i), m.Value, m.Unit)
		if len(b)-start > maxLatestBytes {
			return b[:head]
		}
	}
	return b
}

// appendFields appends a line.
func appendFields(b []byte, fields ...string) []byte {
	for i, field := range fields {
		if i > 0 {
			b = append(b, '\t')
		}
		at := len(b)
		b = append(b, field...)
		for j := at; j < len(b); j++ {
			if b[j] == '\t' || b[j] == '\n' {
				b[j] = ' '
			}
		}
	}
	return append(b, '\n')
}

// parseLatest parses the stored form. It is not ok if that is of another version or damaged.
func parseLatest(id string, stored []byte) (r collect.Result, ok bool) {
	head, rest, _ := strings.Cut(string(stored), "\n")
	f := strings.Split(head, "\t")
	if len(f) != 6 || f[0] != latestVersion {
		return r, false
	}
	ms, err1 := strconv.ParseInt(f[4], 10, 64)
	period, err2 := strconv.ParseInt(f[5], 10, 64)
	if err1 != nil || err2 != nil {
		return r, false
	}
	r = collect.Result{
		CheckID: id, CheckType: f[1], State: collect.State(f[2]), Status: f[3],
		Time: time.UnixMilli(ms), MinCheckPeriod: time.Duration(period) * time.Millisecond,
	}
	types := metricTypes()
	dimension := ""
	for line := range strings.Lines(rest) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case len(f) == 2 && f[0] == "":
			dimension = f[1]
			continue
		case len(f) != 4:
			return collect.Result{}, false
		}
		i, err := strconv.Atoi(f[1])
		if err != nil || i < 0 || i >= len(types) {
			return collect.Result{}, false
		}
		r.Metrics = append(r.Metrics, collect.Metric{Dimension: dimension, Name: f[0], Type: types[i], Value: f[2], Unit: f[3]})
	}
	return r, true
}
