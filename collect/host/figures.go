package host

import (
	"strconv"

	"virgo/collect"
)

// figures gathers the metrics of one dimension after the other.
type figures struct {
	metrics   []collect.Metric
	dimension string
}

func (f *figures) add(name string, t collect.MetricType, value, unit string) {
	f.metrics = append(f.metrics, collect.Metric{Dimension: f.dimension, Name: name, Type: t, Value: value, Unit: unit})
}

func (f *figures) text(name, value string) { f.add(name, collect.String, value, "") }

func (f *figures) double(name string, value float64, unit string) {
	f.add(name, collect.Double, collect.FormatDouble(value), unit)
}

func (f *figures) gauge(name string, value uint64, unit string) {
	f.add(name, collect.Gauge, strconv.FormatUint(value, 10), unit)
}

func (f *figures) uint64(name string, value uint64, unit string) {
	f.add(name, collect.Uint64, strconv.FormatUint(value, 10), unit)
}

// int64 adds a figure that the kernel counts without a sign; what does not fit is the largest that does.
func (f *figures) int64(name string, value uint64, unit string) {
	const largest = 1<<63 - 1
	f.add(name, collect.Int64, strconv.FormatUint(min(value, largest), 10), unit)
}
