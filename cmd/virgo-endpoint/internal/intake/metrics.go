package intake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"virgo/schedule/number"
)

// A Metric is one metric of a stored result.
type Metric struct {
	// Dimension is empty where there is none.
	Dimension, Name string
	// Type and Unit as sent; Unit may be empty. Value is normal (package number), whichever agent
	// sent it.
	Type, Value, Unit string
}

// Metrics reads the metrics of a result's params: in the order of their dimensions, and within a
// dimension sorted by name.
func Metrics(params json.RawMessage) ([]Metric, error) { return AppendMetrics(nil, params) }

// AppendMetrics appends the metrics of a result's params to list, as [Metrics] orders them, so that
// whoever reads many results does it without garbage: list = list[:0] before each. After an error it
// returns list as it was. The texts of the metrics share one copy of params: strings.Clone those that
// are kept.
func AppendMetrics(list []Metric, params json.RawMessage) ([]Metric, error) {
	before := len(list)
	var p struct {
		Metrics []json.RawMessage `json:"metrics"`
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return list, fmt.Errorf("reading metrics: %w", err)
	}
	for _, entry := range p.Metrics {
		dimension, metrics, err := parseMetrics(entry)
		if err != nil {
			return list[:before], fmt.Errorf("reading metrics: %w", err)
		}
		for _, name := range slices.Sorted(maps.Keys(metrics)) {
			m := metrics[name]
			if m == nil {
				return list[:before], fmt.Errorf("reading metrics: metric %s has no value", Quote(name))
			}
			value, _ := number.Value(m.Type, orEmpty(m.Value))
			list = append(list, Metric{
				Dimension: orEmpty(dimension), Name: name, Type: m.Type, Value: value, Unit: orEmpty(m.Unit),
			})
		}
	}
	return list, nil
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
