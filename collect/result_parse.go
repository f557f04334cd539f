package collect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// ErrNoResult is returned when what should be a result's JSON is not one; the error around it says where.
var ErrNoResult = errors.New("not a result")

// ParseResult reads the params of check_metrics.post, also those of a foreign agent: unknown fields are
// skipped, absent and null ones are zero, numbers may stand where texts should and the other way round.
// The metrics keep the order that they were written in; a number written as 0x… becomes decimal. The
// caller bounds the length of data; more than MaxMetrics metrics are an error.
func ParseResult(data []byte) (Result, error) {
	var r Result
	var wire struct {
		CheckID        looseText       `json:"check_id"`
		CheckType      looseText       `json:"check_type"`
		State          looseText       `json:"state"`
		Status         looseText       `json:"status"`
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

// parseMetrics reads [[dimension, {name: {"t": …, "v": …, "u": …}, …}], …]. It goes by tokens, because a
// map would lose the order of the names.
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
				Name:      name.(string), // a key: the decoder takes nothing else here
				Type:      MetricType(wire.Type),
				Value:     string(wire.Value),
				Unit:      string(wire.Unit),
			}
			if m.Type != String {
				m.Value = decimal(m.Value)
			}
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
			return fmt.Errorf("%.64q where %q should be", fmt.Sprint(tok), want.String())
		}
	}
	return nil
}

// looseText takes a JSON string, number or bool as text, and null as "".
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
		return fmt.Errorf("%.16s where a text or a number should be", data)
	case 'n':
		*t = ""
	default:
		*t = looseText(data)
	}
	return nil
}

// milliseconds reads a whole number; a fraction of a millisecond is dropped.
func (t looseText) milliseconds() (int64, error) {
	if t == "" {
		return 0, nil
	}
	if n, err := strconv.ParseInt(string(t), 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(string(t), 64)
	if err != nil || !(f > -(1<<62) && f < 1<<62) {
		return 0, fmt.Errorf("%.64q is no number of milliseconds", string(t))
	}
	return int64(f), nil
}
