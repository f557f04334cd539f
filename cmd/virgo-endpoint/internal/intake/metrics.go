package intake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

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
	s := scanner{text: string(params)}
	var wrong, fault error
	if s.space() != '{' {
		if t := s.value(); t.kind != null {
			wrong = mistyped("", t)
		}
	} else {
		s.begin()
		for n := 0; s.next(n, '}'); n++ {
			name, _ := s.key()
			if f, _ := fieldOf(name); f != metrics {
				s.value()
				continue
			}
			list = list[:before] // of several the last one counts
			var err error
			_, err, fault = s.entries(func() (err error) {
				list, err = s.appendEntry(list)
				return err
			})
			wrong = cmp.Or(wrong, err)
		}
	}
	if !s.end() {
		wrong = syntaxError(params)
	}
	if err := cmp.Or(wrong, fault); err != nil {
		return list[:before], fmt.Errorf("reading metrics: %w", err)
	}
	return list, nil
}

// appendEntry appends the metrics of the entry that was read last.
func (s *scanner) appendEntry(list []Metric) ([]Metric, error) {
	from := len(list)
	for i := range s.metrics {
		m := &s.metrics[i]
		if m.null {
			return list, fmt.Errorf("metric %s has no value", Quote(m.name))
		}
		value, _ := number.Value(m.typ, m.value)
		list = append(list, Metric{Dimension: s.dimension, Name: m.name, Type: m.typ, Value: value, Unit: m.unit})
	}
	slices.SortFunc(list[from:], func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}
