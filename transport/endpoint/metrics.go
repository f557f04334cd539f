package endpoint

import (
	"encoding/json"
	"fmt"
	"sort"
)

// A Metric is one figure of a stored result.
type Metric struct {
	// Dimension is empty where there is none.
	Dimension, Name string
	// Type, Value and Unit as sent; Unit may be empty.
	Type, Value, Unit string
}

// Metrics reads the metrics of a result's params: the entries in their order, names sorted within one.
func Metrics(params json.RawMessage) ([]Metric, error) {
	var p struct {
		Metrics [][2]json.RawMessage `json:"metrics"`
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, fmt.Errorf("reading metrics: %w", err)
	}
	var list []Metric
	for _, entry := range p.Metrics {
		var dimension *string
		var metrics map[string]wireMetric
		if err := json.Unmarshal(entry[0], &dimension); err != nil {
			return nil, fmt.Errorf("reading metrics: %w", err)
		}
		if err := json.Unmarshal(entry[1], &metrics); err != nil {
			return nil, fmt.Errorf("reading metrics: %w", err)
		}
		first := len(list)
		for name, m := range metrics {
			one := Metric{Name: name, Type: m.Type}
			if dimension != nil {
				one.Dimension = *dimension
			}
			if m.Value != nil {
				one.Value = *m.Value
			}
			if m.Unit != nil {
				one.Unit = *m.Unit
			}
			list = append(list, one)
		}
		entries := list[first:]
		sort.Slice(entries, func(i, j int) bool { return entries[i].Name < entries[j].Name })
	}
	return list, nil
}
