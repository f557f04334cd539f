package service

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"golang.org/x/net/http/httpguts"

	"virgo/collect"
	"virgo/schedule"
)

// readHeaders reads the detail headers. Errors never show a header's value, which may be a secret.
func readHeaders(d schedule.Details) (http.Header, error) {
	object, err := d.Object("headers")
	if err != nil {
		return nil, err
	}
	header := make(http.Header)
	for name := range object {
		value, ok := schedule.Details(object).Text(name)
		if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, fmt.Errorf("detail %q: %.64q is not a header", "headers", name)
		}
		header.Set(name, value)
	}
	return header, nil
}

// maxSelectors is the number of metrics that a check may select.
const maxSelectors = 1000

// A jsonSelector selects a value of a page as a metric.
type jsonSelector struct {
	name    string
	pointer string
	t       collect.MetricType // "": by the value
	unit    string
}

// readSelectors reads the detail metrics, sorted by name. Errors: *[collect.MissingDetailError],
// *[schedule.DetailError], and errors that name the metric.
func readSelectors(d schedule.Details) ([]jsonSelector, error) {
	object, err := d.Object("metrics")
	if err != nil {
		return nil, err
	}
	if len(object) == 0 {
		return nil, &collect.MissingDetailError{Key: "metrics"}
	}
	if len(object) > maxSelectors {
		return nil, fmt.Errorf("detail %q has %d metrics, more than %d", "metrics", len(object), maxSelectors)
	}
	var all []jsonSelector
	for _, name := range slices.Sorted(maps.Keys(object)) {
		s, err := parseSelector(name, object[name])
		if err != nil {
			return nil, fmt.Errorf("detail %q: metric %.64q: %w", "metrics", name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// parseSelector parses a JSON pointer, or an object with path, type and unit.
func parseSelector(name string, value any) (jsonSelector, error) {
	s := jsonSelector{name: name}
	switch value := value.(type) {
	case string:
		s.pointer = value
	case map[string]any:
		var t string
		err := readTexts(value, map[string]*string{"path": &s.pointer, "type": &t, "unit": &s.unit})
		if err != nil {
			return jsonSelector{}, err
		}
		if _, ok := value["path"]; !ok {
			return jsonSelector{}, errors.New("no path")
		}
		for key := range value {
			if key != "path" && key != "type" && key != "unit" {
				return jsonSelector{}, fmt.Errorf("unknown key %.64q, known are path, type and unit", key)
			}
		}
		s.t = collect.MetricType(t)
		known := []collect.MetricType{"", collect.String, collect.Gauge, collect.Int32, collect.Uint32,
			collect.Int64, collect.Uint64, collect.Double, collect.Bool}
		if !slices.Contains(known, s.t) {
			return jsonSelector{}, fmt.Errorf("%.64q is not a metric type", t)
		}
	default:
		return jsonSelector{}, errors.New("neither a JSON pointer nor an object with a path")
	}
	if name == "" {
		return jsonSelector{}, errors.New("the name is empty")
	}
	if _, err := splitPointer(s.pointer); err != nil {
		return jsonSelector{}, err
	}
	return s, nil
}
