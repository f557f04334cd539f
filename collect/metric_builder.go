package collect

import "strconv"

// A MetricBuilder collects the metrics of a report and formats their values for the wire. The zero
// value is ready to use.
type MetricBuilder struct {
	// Metrics are the metrics added so far.
	Metrics []Metric
	// Dimension is the dimension of the metrics added next; empty: none.
	Dimension string
}

// Add adds a metric whose value is already formatted for the wire.
func (b *MetricBuilder) Add(name string, t MetricType, value, unit string) {
	b.Metrics = append(b.Metrics, Metric{Dimension: b.Dimension, Name: name, Type: t, Value: value, Unit: unit})
}

// Text adds a string.
func (b *MetricBuilder) Text(name, value string) { b.Add(name, String, value, "") }

// Bool adds true or false.
func (b *MetricBuilder) Bool(name string, value bool) {
	b.Add(name, Bool, strconv.FormatBool(value), "")
}

// Double adds a number with at most four decimals ([FormatDouble]).
func (b *MetricBuilder) Double(name string, value float64, unit string) {
	b.Add(name, Double, FormatDouble(value), unit)
}

// Gauge adds a gauge.
func (b *MetricBuilder) Gauge(name string, value uint64, unit string) {
	b.Add(name, Gauge, strconv.FormatUint(value, 10), unit)
}

// Uint64 adds an unsigned integer.
func (b *MetricBuilder) Uint64(name string, value uint64, unit string) {
	b.Add(name, Uint64, strconv.FormatUint(value, 10), unit)
}

// Int64 adds an unsigned integer as an int64 metric. A value above the largest int64 becomes the
// largest int64.
func (b *MetricBuilder) Int64(name string, value uint64, unit string) {
	const largest = 1<<63 - 1
	b.Add(name, Int64, strconv.FormatUint(min(value, largest), 10), unit)
}
