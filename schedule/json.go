package schedule

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// MarshalJSON gives a check as check_schedule.get sends it (PROTOCOL.md): id, type, details, period (s),
// timeout (s), disabled, and where they are set label, target_alias, monitoring_zones_poll and alarms. The
// text is canonical: keys in this order, those of details sorted, no white space.
func (c Check) MarshalJSON() ([]byte, error) { return c.appendJSON(nil) }

// MarshalJSON gives {"checks":[…]}, canonical as the checks in it.
func (s Schedule) MarshalJSON() ([]byte, error) {
	b, err := s.appendChecks([]byte("{"))
	return append(b, '}'), err
}

// Hash is the hex SHA-256 of the canonical JSON: two schedules that say the same in the same order have
// the same hash. It is empty for details that no parser gives and that JSON cannot hold.
func (s Schedule) Hash() string {
	b, err := s.MarshalJSON()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// appendChecks appends "checks":[…].
func (s Schedule) appendChecks(b []byte) ([]byte, error) {
	b = append(b, `"checks":[`...)
	var err error
	for i := range s.Checks {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = s.Checks[i].appendJSON(b); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

func (c *Check) appendJSON(b []byte) ([]byte, error) {
	b = appendText(append(b, `{"id":`...), c.ID)
	b = appendText(append(b, `,"type":`...), c.Type)
	b, err := appendValue(append(b, `,"details":`...), map[string]any(c.Details), 0)
	if err != nil {
		return b, fmt.Errorf("writing the details of check %q: %w", cut(c.ID, 64), err)
	}
	b = strconv.AppendInt(append(b, `,"period":`...), int64(c.Period/time.Second), 10)
	b = strconv.AppendInt(append(b, `,"timeout":`...), int64(c.Timeout/time.Second), 10)
	b = strconv.AppendBool(append(b, `,"disabled":`...), c.Disabled)
	if c.Label != "" {
		b = appendText(append(b, `,"label":`...), c.Label)
	}
	if c.TargetAlias != "" {
		b = appendText(append(b, `,"target_alias":`...), c.TargetAlias)
	}
	for _, f := range []struct {
		key string
		raw json.RawMessage
	}{{"monitoring_zones_poll", c.MonitoringZonesPoll}, {"alarms", c.Alarms}} {
		if len(f.raw) == 0 {
			continue
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, f.raw); err != nil {
			return b, fmt.Errorf("writing %s of check %q: %w", f.key, cut(c.ID, 64), err)
		}
		b = append(append(append(b, `,"`...), f.key...), `":`...)
		b = append(b, compact.Bytes()...)
	}
	return append(b, '}'), nil
}

// appendValue appends one value of a check's details.
func appendValue(b []byte, v any, depth int) ([]byte, error) {
	if depth > MaxDetailDepth {
		return b, fmt.Errorf("nested more than %d deep", MaxDetailDepth)
	}
	var err error
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case string:
		return appendText(b, v), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case json.Number:
		if !isNumber(string(v)) {
			return b, fmt.Errorf("%q is no number", cut(string(v), 64))
		}
		return append(b, v...), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case uint64:
		return strconv.AppendUint(b, v, 10), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return b, fmt.Errorf("%v is no number", v)
		}
		return strconv.AppendFloat(b, v, 'g', -1, 64), nil
	case []string:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, item)
		}
		return append(b, ']'), nil
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, item, depth+1); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	case map[string]any:
		b = append(b, '{')
		for i, key := range Details(v).Keys() {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendText(b, key), ':')
			if b, err = appendValue(b, v[key], depth+1); err != nil {
				return b, err
			}
		}
		return append(b, '}'), nil
	default:
		return b, fmt.Errorf("a %T is nothing that JSON has", v)
	}
}

// weigh gives the bytes that a value takes as JSON, escapes counted as what they stand for; not ok where
// it is nested too deep or of a type that details do not have.
func weigh(v any, depth int) (size int, ok bool) {
	if depth > MaxDetailDepth {
		return 0, false
	}
	switch v := v.(type) {
	case []any:
		size = 2
		for _, item := range v {
			n, ok := weigh(item, depth+1)
			if !ok {
				return 0, false
			}
			size += n + 1
		}
		return size, true
	case map[string]any:
		size = 2
		for key, item := range v {
			n, ok := weigh(item, depth+1)
			if !ok {
				return 0, false
			}
			size += len(key) + n + 4
		}
		return size, true
	case []string:
		size = 2
		for _, item := range v {
			size += len(item) + 3
		}
		return size, true
	case string:
		return len(v) + 2, true
	case nil:
		return 4, true
	default:
		text, ok := scalarText(v)
		return len(text), ok
	}
}

// isNumber says whether text is a number in JSON's form: RFC 8259, section 6.
func isNumber(text string) bool {
	if text == "" || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return false
	}
	return json.Valid([]byte(text)) && text[len(text)-1] > ' '
}

// appendText appends a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendText(b []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	b = slices.Grow(b, len(s)+2)
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
