package collect

import "strconv"

// Figures gathers the metrics of a report, those of one dimension after those of the other. The zero value
// is empty; the values are written as the wire has them.
type Figures struct {
	// Metrics gathered so far.
	Metrics []Metric
	// Dimension of the metrics that are added from now on; empty: none.
	Dimension string
}

// Add adds a metric whose value is in the protocol's text form.
func (f *Figures) Add(name string, t MetricType, value, unit string) {
	f.Metrics = append(f.Metrics, Metric{Dimension: f.Dimension, Name: name, Type: t, Value: value, Unit: unit})
}

// Text adds a string.
func (f *Figures) Text(name, value string) { f.Add(name, String, value, "") }

// Bool adds a truth value.
func (f *Figures) Bool(name string, value bool) { f.Add(name, Bool, strconv.FormatBool(value), "") }

// Double adds a figure with at most four decimals ([FormatDouble]).
func (f *Figures) Double(name string, value float64, unit string) {
	f.Add(name, Double, FormatDouble(value), unit)
}

// Gauge adds a figure that goes up and down.
func (f *Figures) Gauge(name string, value uint64, unit string) {
	f.Add(name, Gauge, strconv.FormatUint(value, 10), unit)
}

// Uint64 adds a figure without a sign.
func (f *Figures) Uint64(name string, value uint64, unit string) {
	f.Add(name, Uint64, strconv.FormatUint(value, 10), unit)
}

// Int64 adds a figure that the system counts without a sign; what does not fit is the largest that does.
func (f *Figures) Int64(name string, value uint64, unit string) {
	const largest = 1<<63 - 1
	f.Add(name, Int64, strconv.FormatUint(min(value, largest), 10), unit)
}
