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

// readObject is a detail that is an object, also one that came as JSON text, as from a command line; nil where it
// is absent. Error: *[schedule.DetailError].
func readObject(d schedule.Details, key string) (map[string]any, error) {
	wrong := func(value string) error {
		return &schedule.DetailError{Key: key, Value: value, Want: "an object"}
	}
	switch v := d[key].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return v, nil
	case string:
		if v == "" {
			return nil, nil
		}
		object, err := decodeJSON([]byte(v))
		if m, ok := object.(map[string]any); err == nil && ok {
			return m, nil
		}
		return nil, wrong("a text")
	case []any:
		return nil, wrong("a list")
	}
	return nil, wrong("a number or a truth value")
}

// readHeaders reads the detail headers. Errors name a header and never show its value: it may be a key.
func readHeaders(d schedule.Details) (http.Header, error) {
	object, err := readObject(d, "headers")
	if err != nil {
		return nil, err
	}
	header := make(http.Header)
	for name := range object {
		value, ok := schedule.Details(object).Text(name)
		if !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, fmt.Errorf("detail %q: %.64q is no header", "headers", name)
		}
		header.Set(name, value)
	}
	return header, nil
}

// maxWanted bounds the metrics of a check.
const maxWanted = 1000

// A wanted is a metric to find in a page.
type wanted struct {
	name    string
	pointer string
	t       collect.MetricType // "" where the value says
	unit    string
}

// readWanted reads the detail metrics, sorted by name. Errors: *[collect.MissingDetailError],
// *[schedule.DetailError], and others that name the metric.
func readWanted(d schedule.Details) ([]wanted, error) {
	object, err := readObject(d, "metrics")
	if err != nil {
		return nil, err
	}
	if len(object) == 0 {
		return nil, &collect.MissingDetailError{Key: "metrics"}
	}
	if len(object) > maxWanted {
		return nil, fmt.Errorf("detail %q has %d metrics, more than %d", "metrics", len(object), maxWanted)
	}
	var all []wanted
	for _, name := range slices.Sorted(maps.Keys(object)) {
		w, err := oneWanted(name, object[name])
		if err != nil {
			return nil, fmt.Errorf("detail %q: metric %.64q: %w", "metrics", name, err)
		}
		all = append(all, w)
	}
	return all, nil
}

func oneWanted(name string, is any) (wanted, error) {
	w := wanted{name: name}
	switch is := is.(type) {
	case string:
		w.pointer = is
	case map[string]any:
		var t string
		err := readTexts(is, map[string]*string{"path": &w.pointer, "type": &t, "unit": &w.unit})
		if err != nil {
			return wanted{}, err
		}
		if _, there := is["path"]; !there {
			return wanted{}, errors.New("no path")
		}
		for key := range is {
			if key != "path" && key != "type" && key != "unit" {
				return wanted{}, fmt.Errorf("%.64q is none of path, type, unit", key)
			}
		}
		w.t = collect.MetricType(t)
		known := []collect.MetricType{"", collect.String, collect.Gauge, collect.Int32, collect.Uint32,
			collect.Int64, collect.Uint64, collect.Double, collect.Bool}
		if !slices.Contains(known, w.t) {
			return wanted{}, fmt.Errorf("%.64q is no metric type", t)
		}
	default:
		return wanted{}, errors.New("want a JSON pointer or an object with a path")
	}
	if name == "" {
		return wanted{}, errors.New("it has no name")
	}
	if _, err := splitPointer(w.pointer); err != nil {
		return wanted{}, err
	}
	return w, nil
}
