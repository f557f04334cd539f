package schedule

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/schedule/strictyaml"
)

// Details are the arguments of a check: decoded JSON or YAML, or the words of a command line. Numbers
// are json.Number as they were written; a caller that makes Details by hand may use Go's own numbers.
// The accessors are lenient ("60" and 60 are the same), and a detail that is null or empty text counts
// as absent.
type Details map[string]any

// Keys gives the names, sorted.
func (d Details) Keys() []string {
	keys := make([]string, 0, len(d))
	for k := range d {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Text gives a scalar as text: a number as it was written, a truth value as "true" or "false". Not ok
// where the detail is absent, null, a list or an object.
func (d Details) Text(key string) (text string, ok bool) {
	return scalarText(d[key])
}

func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	default:
		return "", false
	}
}

// given is the text of a detail that is there; absent is true where it is not. A list or an object is
// there, as text that is no number and no truth value.
func (d Details) given(key string) (text string, absent bool) {
	v, ok := d[key]
	if !ok || v == nil {
		return "", true
	}
	if text, ok := scalarText(v); ok {
		text = strings.TrimSpace(text)
		return text, text == ""
	}
	return "a list or an object", false
}

// A DetailError is returned by the accessors where a detail is there but is not what was asked for.
type DetailError struct {
	// Key names the detail.
	Key string
	// Value as given, cut to 64 bytes.
	Value string
	// Want says what it has to be, for example "a whole number".
	Want string
}

func (e *DetailError) Error() string {
	return fmt.Sprintf("detail %q is %q, not %s", e.Key, e.Value, e.Want)
}

func detailError(key, value, want string) error {
	return &DetailError{key, cut(value, 64), want}
}

// Int gives a whole number, or def where the detail is absent. Error: *DetailError.
func (d Details) Int(key string, def int64) (int64, error) {
	text, absent := d.given(key)
	if absent {
		return def, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	// 60.0 and 6e1 are whole as well.
	if f, err := strconv.ParseFloat(text, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), nil
	}
	return def, detailError(key, text, "a whole number")
}

// Float gives a finite number, or def where the detail is absent. Error: *DetailError.
func (d Details) Float(key string, def float64) (float64, error) {
	text, absent := d.given(key)
	if absent {
		return def, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return def, detailError(key, text, "a number")
	}
	return f, nil
}

// Bool gives a truth value (true, false, 1, 0, yes, no, on, off), or def where the detail is absent.
// Error: *DetailError.
func (d Details) Bool(key string, def bool) (bool, error) {
	text, absent := d.given(key)
	if absent {
		return def, nil
	}
	if b, ok := truth(text); ok {
		return b, nil
	}
	return def, detailError(key, text, "true or false")
}

func truth(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "1", "yes", "on":
		return true, true
	case "false", "0", "no", "off":
		return false, true
	}
	return false, false
}

// Duration gives a span of time, or def where the detail is absent: a number counts units (fractions
// are taken), text may carry a unit of its own ("1.5s", "30d"). Never negative. Error: *DetailError.
func (d Details) Duration(key string, unit, def time.Duration) (time.Duration, error) {
	text, absent := d.given(key)
	if absent {
		return def, nil
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		if span := f * float64(unit); span >= 0 && span < 1<<62 {
			return time.Duration(span), nil
		}
	} else if span, err := strictyaml.ParseDuration(text); err == nil {
		return span, nil
	}
	return def, detailError(key, text, "a span of time")
}

// Strings gives a list of scalars as texts; a scalar alone is a list of one, nil where the detail is
// absent. Error: *DetailError.
func (d Details) Strings(key string) ([]string, error) {
	switch v := d[key].(type) {
	case nil:
		return nil, nil
	case []string:
		return slices.Clone(v), nil
	case []any:
		out := make([]string, 0, len(v))
		for _, item := range v {
			text, ok := scalarText(item)
			if !ok {
				return nil, detailError(key, "a list of lists or objects", "a list of texts")
			}
			out = append(out, text)
		}
		return out, nil
	default:
		text, ok := scalarText(v)
		if !ok {
			return nil, detailError(key, "an object", "a list of texts")
		}
		return []string{text}, nil
	}
}
