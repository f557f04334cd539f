package schedule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"virgo/schedule/number"
	"virgo/schedule/shorttext"
)

// A wireCheck is a check as an endpoint sends it, not yet validated.
type wireCheck struct {
	ID                  json.RawMessage `json:"id"`
	Type                json.RawMessage `json:"type"`
	Label               json.RawMessage `json:"label"`
	Details             json.RawMessage `json:"details"`
	Period              json.RawMessage `json:"period"`
	Timeout             json.RawMessage `json:"timeout"`
	Disabled            json.RawMessage `json:"disabled"`
	TargetAlias         json.RawMessage `json:"target_alias"`
	MonitoringZonesPoll json.RawMessage `json:"monitoring_zones_poll"`
	Alarms              json.RawMessage `json:"alarms"`
	Fault               json.RawMessage `json:"fault"`
}

// check parses and validates. With an error, what could be parsed is set.
func (w *wireCheck) check() (c Check, err error) {
	for _, f := range []struct {
		key  string
		raw  json.RawMessage
		into *string
	}{
		{"id", w.ID, &c.ID}, {"type", w.Type, &c.Type},
		{"label", w.Label, &c.Label}, {"target_alias", w.TargetAlias, &c.TargetAlias},
	} {
		text, ok := rawText(f.raw)
		if !ok {
			return c, fmt.Errorf("%w: %s is %s", ErrName, f.key, rawKind(f.raw))
		}
		*f.into = text
	}
	if c.Period, err = rawSeconds(w.Period, DefaultPeriod); err != nil {
		return c, fmt.Errorf("%w: %w", ErrPeriod, err)
	}
	if c.Timeout, err = rawSeconds(w.Timeout, DefaultTimeout); err != nil {
		return c, fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if text, ok := rawText(w.Disabled); !ok {
		return c, fmt.Errorf("disabled is %s, not true or false", rawKind(w.Disabled))
	} else if text != "" {
		if c.Disabled, ok = parseBool(text); !ok {
			return c, fmt.Errorf("disabled is %q, not true or false", shorttext.Truncate(text, 64))
		}
	}
	if c.Details, err = rawDetails(w.Details); err != nil {
		return c, err
	}
	if c.MonitoringZonesPoll, err = rawCanonical("monitoring_zones_poll", w.MonitoringZonesPoll); err != nil {
		return c, err
	}
	if c.Alarms, err = rawCanonical("alarms", w.Alarms); err != nil {
		return c, err
	}
	if fault, ok := rawText(w.Fault); ok && fault != "" {
		c.Invalidate(fault)
		c.Disabled = false // it is for agents that do not know the field (PROTOCOL.md)
	}
	return c, c.validate()
}

// absent reports whether raw is missing or null.
func absent(raw json.RawMessage) bool {
	return len(raw) == 0 || string(raw) == "null"
}

// empty reports whether raw is {} or [], white space aside.
func empty(raw json.RawMessage) bool {
	return (raw[0] == '{' || raw[0] == '[') && len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0
}

// rawText returns a scalar as text, empty where it is absent. ok is false for a list or an object.
func rawText(raw json.RawMessage) (text string, ok bool) {
	switch {
	case absent(raw):
		return "", true
	case raw[0] == '"':
		err := json.Unmarshal(raw, &text)
		return text, err == nil
	case raw[0] == '{' || raw[0] == '[':
		return "", false
	default:
		return string(raw), true
	}
}

func rawKind(raw json.RawMessage) string {
	if raw[0] == '[' {
		return "a list"
	}
	return "an object"
}

// maxSeconds keeps seconds within the range of time.Duration; validate checks the actual limits.
const maxSeconds = 1 << 33

// rawSeconds parses whole seconds, a number or text; def where they are absent.
func rawSeconds(raw json.RawMessage, def time.Duration) (time.Duration, error) {
	text, ok := rawText(raw)
	if !ok {
		return 0, fmt.Errorf("%s, not a number of seconds", rawKind(raw))
	}
	if text = strings.TrimSpace(text); text == "" {
		return def, nil
	}
	f, ok := number.Parse(text)
	if !ok || f != math.Trunc(f) {
		return 0, fmt.Errorf("%q is not a whole number of seconds", shorttext.Truncate(text, 64))
	}
	if math.Abs(f) > maxSeconds {
		return 0, fmt.Errorf("%s s is out of range", shorttext.Truncate(text, 64))
	}
	return time.Duration(f) * time.Second, nil
}

// rawDetails parses details. An empty list counts as absent: some endpoints write an empty object so.
func rawDetails(raw json.RawMessage) (Details, error) {
	switch {
	case absent(raw) || empty(raw):
		return nil, nil
	case raw[0] != '{':
		return nil, fmt.Errorf("%w: not an object", ErrDetails)
	}
	v, err := rawValue("details", raw)
	if err != nil {
		return nil, err
	}
	d, _ := v.(map[string]any)
	return d, nil
}

func rawValue(key string, raw json.RawMessage) (v any, err error) {
	if len(raw) > 8*MaxDetailBytes { // a generous limit: escapes and white space do not count
		return nil, fmt.Errorf("%w: %s is larger than %d bytes", ErrDetails, key, MaxDetailBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDetails, key, err)
	}
	return v, nil
}

// rawCanonical returns a value as canonical JSON; nil where it is absent.
func rawCanonical(key string, raw json.RawMessage) (json.RawMessage, error) {
	if absent(raw) {
		return nil, nil
	}
	v, err := rawValue(key, raw)
	if err != nil {
		return nil, err
	}
	b, err := appendJSONValue(nil, v, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDetails, key, err)
	}
	return b, nil
}
