package plugin

import (
	"encoding/json"
	"fmt"
	"strings"

	"virgo/collect"
	"virgo/schedule/shorttext"
)

// A jsonObject is an object that is not nested in another.
type jsonObject struct {
	dec       *json.Decoder
	format    *jsonFormat
	dimension string
	metrics   []jsonMetric
}

// A jsonMetric is a metric with its exact path: the dimension and the name in which dots within keys
// are escaped.
type jsonMetric struct {
	collect.Metric
	exactDimension, exactName string
}

// read parses an object from behind its "{". prefix is the names of the objects around it, each
// with a dot; exact is the same with the dots within names escaped.
func (o *jsonObject) read(prefix, exact string, depth int) error {
	for o.dec.More() {
		token, err := o.dec.Token()
		if err != nil {
			return err
		}
		key := shorttext.StripControls(fmt.Sprint(token))
		value, err := o.dec.Token()
		switch {
		case err != nil:
			return err
		case value == json.Delim('{') && depth == maxJSONDepth:
			return errTooDeep
		case value == json.Delim('{'):
			if err := o.read(prefix+key+".", exact+escapeTag(key, ".", false)+".", depth+1); err != nil {
				return err
			}
		case value == json.Delim('['):
			o.format.skipAtToken(o.dec, fmt.Sprintf("%.64q is a list", prefix+key))
			if err := skipList(o.dec); err != nil {
				return err
			}
		default:
			o.add(prefix, exact, key, value)
		}
	}
	_, err := o.dec.Token()
	return err
}

// skipList reads to the end of a list.
func skipList(dec *json.Decoder) error {
	for depth := 1; depth > 0; {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			if depth++; depth > maxJSONDepth {
				return errTooDeep
			}
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
	return nil
}

// add stores a scalar: the value of a reserved name, or a metric.
func (o *jsonObject) add(prefix, exact, key string, value json.Token) {
	name := prefix + key
	m := jsonMetric{exactDimension: strings.TrimSuffix(exact, "."), exactName: escapeTag(key, ".", true)}
	m.Name = name
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		m.Dimension, m.Name = name[:i], name[i+1:]
	}
	switch value := value.(type) {
	case nil:
		return
	case string:
		text := shorttext.StripControls(value)
		if o.takeReserved(name, text) {
			return
		}
		m.Type, m.Value = collect.String, text
	case bool:
		m.Type, m.Value = collect.Bool, fmt.Sprint(value)
	case json.Number:
		f, err := value.Float64()
		if err != nil {
			o.format.skipAtToken(o.dec, fmt.Sprintf("the number of %.64q is too large: %.64q", name, value.String()))
			return
		}
		m.Type, m.Value = collect.Double, formatNumber(value.String(), f)
	}
	if m.Name == "" {
		o.format.skipAtToken(o.dec, fmt.Sprintf("%.64q is not a metric's name", name))
		return
	}
	if len(o.metrics) <= collect.MaxMetrics { // one above the limit, so that the excess is noticed
		o.metrics = append(o.metrics, m)
	}
}

// takeReserved stores a string that is not a metric: dimension, status or state; it returns false
// for any other. As in the format virgo, the first status and the first state win.
func (o *jsonObject) takeReserved(name, text string) bool {
	j := o.format
	switch state := collect.State(text); {
	case name == "dimension":
		o.dimension = text
	case name == "status":
		if !j.gotStatus {
			j.gotStatus, j.status = true, text
		}
	case name == "state" && (state == collect.Available || state == collect.Unavailable):
		if !j.gotState {
			j.gotState, j.unavailable = true, state == collect.Unavailable
		}
	default:
		return false
	}
	return true
}

// addMetrics adds the object's metrics to the format's, in the dimension that the object names.
func (o *jsonObject) addMetrics() {
	exact := escapeTag(o.dimension, ".", false)
	for _, m := range o.metrics {
		m.Dimension = joinDots(o.dimension, m.Dimension)
		m.exactDimension = joinDots(exact, m.exactDimension)
		o.format.addExact(m)
	}
}

func joinDots(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "." + b
}

// isExact reports whether the metric is named by its exact path.
func (m jsonMetric) isExact() bool {
	return joinDots(m.Dimension, m.Name) == joinDots(m.exactDimension, m.exactName)
}

// exactMetric returns the metric named by its exact path.
func (m jsonMetric) exactMetric() collect.Metric {
	m.Dimension, m.Name = m.exactDimension, m.exactName
	return m.Metric
}

// addExact adds a metric. Where two different paths become one name, {"a.b":1,"a":{"b":2}}, those
// with dots within keys are sent by their exact path.
func (j *jsonFormat) addExact(m jsonMetric) {
	at := j.insert(m.Metric)
	if at < 0 {
		if last := len(j.metrics) - 1; !m.isExact() && j.note == "" {
			if j.inexact == nil {
				j.inexact = make(map[int]jsonMetric)
			}
			j.inexact[last] = m
		}
		return
	}
	first, inexact := j.inexact[at]
	same := m.isExact() && !inexact ||
		inexact && first.exactDimension == m.exactDimension && first.exactName == m.exactName
	if same {
		j.skip(twice(j.metrics[at]))
		return
	}
	j.skip(fmt.Sprintf("two values have the name %.64q; to tell them apart, a dot within a key is sent as \\.",
		joinDots(m.Dimension, m.Name)))
	if inexact {
		j.metrics[at] = first.exactMetric()
		j.known.moved(j.metrics, at)
		delete(j.inexact, at)
	}
	renamed := m.Metric
	if !m.isExact() {
		renamed = m.exactMetric()
	}
	if again := j.insert(renamed); again >= 0 {
		j.skip(twice(j.metrics[again]))
	}
}
