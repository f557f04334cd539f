package collect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// ErrNoResult is returned for JSON that is not a result; the error that wraps it contains the
// reason.
var ErrNoResult = errors.New("not a result")

// ParseResult parses the params of check_metrics.post, also those of another agent. Unknown fields
// are ignored, absent and null fields are zero, and numbers and strings are interchangeable.
// Metrics keep the order of data; valid values become normal (package number). The caller must bound
// the length of data. Error: ErrNoResult, also for more than MaxMetrics metrics.
func ParseResult(data []byte) (Result, error) {
	var r Result
	var wire struct {
		CheckID        looseText       `json:"check_id"`
		CheckType      looseText       `json:"check_type"`
		State          looseText       `json:"state"`
		Status         looseText       `json:"status"`
		Refused        looseText       `json:"refused"`
		Timestamp      looseText       `json:"timestamp"`
		MinCheckPeriod looseText       `json:"min_check_period"`
		Metrics        json.RawMessage `json:"metrics"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return r, fmt.Errorf("%w: %w", ErrNoResult, err)
	}
	r = Result{
		CheckID:   string(wire.CheckID),
		CheckType: string(wire.CheckType),
		State:     State(wire.State),
		Status:    string(wire.Status),
		Refused:   wire.Refused == "true",
	}
	ms, err := wire.Timestamp.milliseconds()
	if err != nil {
		return r, fmt.Errorf("%w: timestamp: %w", ErrNoResult, err)
	}
	r.Time = time.UnixMilli(ms)
	if ms, err = wire.MinCheckPeriod.milliseconds(); err != nil {
		return r, fmt.Errorf("%w: min_check_period: %w", ErrNoResult, err)
	}
	if r.MinCheckPeriod = time.Duration(ms) * time.Millisecond; r.MinCheckPeriod.Milliseconds() != ms {
		return r, fmt.Errorf("%w: min_check_period: %d is out of range", ErrNoResult, ms)
	}
	if r.Metrics, err = parseMetrics(wire.Metrics); err != nil {
		return r, fmt.Errorf("%w: metrics: %w", ErrNoResult, err)
	}
	return r, nil
}

// parseMetrics parses [[dimension, {name: {"t": …, "v": …, "u": …}, …}], …], token by token,
// because a map would lose the order of the names.
func parseMetrics(data []byte) ([]Metric, error) {
	if len(data) == 0 || string(data) == "null" {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := expect(dec, '['); err != nil {
		return nil, err
	}
	var metrics []Metric
	for dec.More() {
		if err := expect(dec, '['); err != nil {
			return nil, err
		}
		var dimension looseText
		if err := dec.Decode(&dimension); err != nil {
			return nil, err
		}
		if err := expect(dec, '{'); err != nil {
			return nil, err
		}
		for dec.More() {
			name, err := dec.Token()
			if err != nil {
				return nil, err
			}
			var wire struct {
				Type  looseText `json:"t"`
				Value looseText `json:"v"`
				Unit  looseText `json:"u"`
			}
			if err := dec.Decode(&wire); err != nil {
				return nil, fmt.Errorf("%.64q: %w", name, err)
			}
			if len(metrics) == MaxMetrics {
				return nil, fmt.Errorf("more than %d", MaxMetrics)
			}
			m := Metric{
				Dimension: string(dimension),
				Name:      name.(string), // a key, which the decoder checks
				Type:      MetricType(wire.Type),
				Value:     string(wire.Value),
				Unit:      string(wire.Unit),
			}
			m.Normalize()
			metrics = append(metrics, m)
		}
		if err := expect(dec, '}', ']'); err != nil {
			return nil, err
		}
	}
	return metrics, expect(dec, ']')
}

func expect(dec *json.Decoder, delims ...json.Delim) error {
	for _, want := range delims {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		if tok != want {
			return fmt.Errorf("%.64q in place of %q", fmt.Sprint(tok), want.String())
		}
	}
	return nil
}

// looseText is the text of a JSON string, number or bool, "" for null.
type looseText string

func (t *looseText) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*t = looseText(s)
	case '{', '[':
		return fmt.Errorf("%.16s in place of a string or a number", data)
	case 'n':
		*t = ""
	default:
		*t = looseText(data)
	}
	return nil
}

// milliseconds parses a number; a fraction of a millisecond is dropped.
func (t looseText) milliseconds() (int64, error) {
	if t == "" {
		return 0, nil
	}
	if n, err := strconv.ParseInt(string(t), 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(string(t), 64)
	if err != nil || !(f > -(1<<62) && f < 1<<62) {
		return 0, fmt.Errorf("%.64q is not a number of milliseconds", string(t))
	}
	return int64(f), nil
}
