package schedule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A wireCheck is a check as an endpoint sends it, nothing of it believed yet.
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
}

// check reads what was sent. With an error, ID is set as far as it could be read.
func (w *wireCheck) check() (c Check, err error) {
	for _, f := range []struct {
		key  string
		raw  json.RawMessage
		into *string
	}{{"id", w.ID, &c.ID}, {"type", w.Type, &c.Type}, {"label", w.Label, &c.Label}, {"target_alias", w.TargetAlias, &c.TargetAlias}} {
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
		if c.Disabled, ok = truth(text); !ok {
			return c, fmt.Errorf("disabled is %q, not true or false", cut(text, 64))
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
	return c, c.validate()
}

func absent(raw json.RawMessage) bool {
	return len(raw) == 0 || string(raw) == "null"
}

// empty says whether raw is {} or [], whatever white space is in it.
func empty(raw json.RawMessage) bool {
	return (raw[0] == '{' || raw[0] == '[') && len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0
}

// rawText gives a scalar as text, empty where it is absent; not ok for a list or an object.
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

// maxSeconds keeps a number of seconds within what time.Duration holds; the limits proper are validate's.
const maxSeconds = 1 << 33

// rawSeconds reads whole seconds, as a number or as text; def where there are none.
func rawSeconds(raw json.RawMessage, def time.Duration) (time.Duration, error) {
	text, ok := rawText(raw)
	if !ok {
		return 0, fmt.Errorf("%s, not a number of seconds", rawKind(raw))
	}
	if text = strings.TrimSpace(text); text == "" {
		return def, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) {
		return 0, fmt.Errorf("%q is not a whole number of seconds", cut(text, 64))
	}
	if math.Abs(f) > maxSeconds {
		return 0, fmt.Errorf("%s s is out of all bounds", cut(text, 64))
	}
	return time.Duration(f) * time.Second, nil
}

// rawDetails reads details. An empty list is none: that is how some endpoints write an empty object.
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
	if len(raw) > 8*MaxDetailBytes { // escapes and white space at their worst
		return nil, fmt.Errorf("%w: %s is larger than %d bytes", ErrDetails, key, MaxDetailBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDetails, key, err)
	}
	return v, nil
}

// rawCanonical gives a value as canonical JSON; nil where it is absent.
func rawCanonical(key string, raw json.RawMessage) (json.RawMessage, error) {
	if absent(raw) {
		return nil, nil
	}
	v, err := rawValue(key, raw)
	if err != nil {
		return nil, err
	}
	b, err := appendValue(nil, v, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrDetails, key, err)
	}
	return b, nil
}
