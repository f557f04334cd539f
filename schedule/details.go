package schedule

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/schedule/number"
	"virgo/schedule/shorttext"
)

// Details are the arguments of a check: decoded JSON or YAML, or arguments of a command line. Parsers
// store numbers as json.Number, unchanged; other callers may use Go's own numbers. The accessors are
// lenient ("60" and 60 are the same), and a detail that is null or empty text counts as absent.
type Details map[string]any

// Keys returns the names, sorted.
func (d Details) Keys() []string {
	keys := make([]string, 0, len(d))
	for k := range d {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Text returns a scalar as text: a number as it was written, a boolean as "true" or "false". ok is
// false if the detail is absent, null, a list or an object.
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

// value returns the text of a detail, or that it is absent. The text for a list or an object is
// neither a number nor a boolean.
func (d Details) value(key string) (text string, absent bool) {
	v, ok := d[key]
	if !ok || v == nil {
		return "", true
	}
	if text, ok := scalarText(v); ok {
		text = strings.TrimSpace(text)
		return text, text == ""
	}
	return notScalar, false
}

// A DetailError is returned by the accessors for a detail that is present but has the wrong type.
type DetailError struct {
	// Key names the detail.
	Key string
	// Value as given, truncated to 64 bytes; empty where it may contain a secret.
	Value string
	// Want describes a valid value, for example "a whole number".
	Want string
}

func (e *DetailError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("detail %q is not %s", e.Key, e.Want)
	}
	return fmt.Sprintf("detail %q is %q, not %s", e.Key, e.Value, e.Want)
}

func detailError(key, value, want string) error {
	return &DetailError{key, shorttext.Truncate(value, 64), want}
}

// Int returns a whole number, or def if the detail is absent. Error: *DetailError.
func (d Details) Int(key string, def int64) (int64, error) {
	text, absent := d.value(key)
	if absent {
		return def, nil
	}
	if n, ok := number.Whole(text); ok {
		return n, nil
	}
	return def, detailError(key, text, "a whole number")
}

// Float returns a finite number, or def if the detail is absent. Error: *DetailError.
func (d Details) Float(key string, def float64) (float64, error) {
	text, absent := d.value(key)
	if absent {
		return def, nil
	}
	f, ok := number.Parse(text)
	if !ok {
		return def, detailError(key, text, "a number")
	}
	return f, nil
}

// Bool returns a boolean (true, false, 1, 0, yes, no, on, off), or def if the detail is absent.
// Error: *DetailError.
func (d Details) Bool(key string, def bool) (bool, error) {
	text, absent := d.value(key)
	if absent {
		return def, nil
	}
	if b, ok := parseBool(text); ok {
		return b, nil
	}
	return def, detailError(key, text, "true or false")
}

func parseBool(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "1", "yes", "on":
		return true, true
	case "false", "0", "no", "off":
		return false, true
	}
	return false, false
}

// Duration returns a duration, or def if the detail is absent. A number, which may have a fraction,
// is multiplied by unit; text may have a unit of its own ("1.5s", "30d"). A negative duration is an
// error. Error: *DetailError.
func (d Details) Duration(key string, unit, def time.Duration) (time.Duration, error) {
	text, absent := d.value(key)
	if absent {
		return def, nil
	}
	if f, ok := number.Parse(text); ok {
		if span := f * float64(unit); span >= 0 && span < 1<<62 {
			return time.Duration(span), nil
		}
	} else if span, err := ParseDuration(text); err == nil {
		return span, nil
	}
	return def, detailError(key, text, "a duration")
}

// Strings returns a list of scalars as texts. A single scalar is a list of one; for an absent
// detail the list is nil. Error: *DetailError.
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
				return nil, detailError(key, "a list of lists or objects", "a list of strings")
			}
			out = append(out, text)
		}
		return out, nil
	default:
		text, ok := scalarText(v)
		if !ok {
			return nil, detailError(key, "an object", "a list of strings")
		}
		return []string{text}, nil
	}
}
