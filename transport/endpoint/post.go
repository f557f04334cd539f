package endpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// minTime and maxTime are the first millisecond of the year 1 and the last of 9999, past which no clock
// tells a time, however wrong it is.
const (
	minTime = -62_135_596_800_000
	maxTime = 253_402_300_799_999
	// maxAge is the longest time between two that a clock tells.
	maxAge = maxTime - minTime
)

// postParams are the params of check_metrics.post; other fields are kept with them and not read.
type postParams struct {
	ResultID       *string           `json:"result_id"`
	CheckID        string            `json:"check_id"`
	CheckType      string            `json:"check_type"`
	State          string            `json:"state"`
	Status         string            `json:"status"`
	Timestamp      *int64            `json:"timestamp"`
	MinCheckPeriod *int64            `json:"min_check_period"`
	Order          *uint64           `json:"order"`
	Late           bool              `json:"late"`
	AgeMS          *int64            `json:"age_ms"`
	Metrics        []json.RawMessage `json:"metrics"`
}

// wireMetric is one metric as it stands in params.
type wireMetric struct {
	Type  string  `json:"t"`
	Value *string `json:"v"`
	Unit  *string `json:"u"`
}

// parsePost reads and validates the params of check_metrics.post. What it refuses it always refuses: it
// looks at nothing but params, so a copy gets the answer of the first; the result then has its id, where
// that could be read. The result's Params are left to the caller. A post without a timestamp, as the
// protocol's oldest agents send it, gets now.
func parsePost(params json.RawMessage, now time.Time) (Result, error) {
	var p postParams
	if len(params) == 0 {
		return Result{}, errNoParams
	}
	err := json.Unmarshal(params, &p)
	named := Result{}
	if p.ResultID != nil && plainText(*p.ResultID, MaxResultIDBytes) {
		named.ResultID = *p.ResultID
	}
	if err != nil {
		return named, fmt.Errorf("params cannot be read: %w", plainJSON(err))
	}
	if err := p.check(); err != nil {
		return named, err
	}
	for i, entry := range p.Metrics {
		if err := checkMetrics(entry); err != nil {
			return named, fmt.Errorf("metrics[%d]: %w", i, err)
		}
	}
	r := Result{ResultID: named.ResultID, CheckID: p.CheckID, CheckType: p.CheckType, State: p.State, Status: p.Status,
		Order: p.Order, Late: p.Late, AgeMS: p.AgeMS, Time: now, Received: now}
	if p.Timestamp != nil {
		r.Time = time.UnixMilli(*p.Timestamp)
	}
	return r, nil
}

func (p *postParams) check() error {
	switch {
	case p.ResultID != nil && !plainText(*p.ResultID, MaxResultIDBytes):
		return fmt.Errorf("result_id has to be 1 to %d bytes of plain text", MaxResultIDBytes)
	case !plainID(p.CheckID):
		return fmt.Errorf("check_id has to be 1 to %d bytes of plain text", MaxIDBytes)
	case !plainID(p.CheckType):
		return fmt.Errorf("check_type has to be 1 to %d bytes of plain text", MaxIDBytes)
	case p.State != "available" && p.State != "unavailable":
		return fmt.Errorf("state is %s, neither \"available\" nor \"unavailable\"", clip(p.State))
	case utf8.RuneCountInString(p.Status) > MaxStatusRunes:
		return fmt.Errorf("status is longer than %d characters", MaxStatusRunes)
	case p.Timestamp != nil && (*p.Timestamp < minTime || *p.Timestamp > maxTime):
		return fmt.Errorf("timestamp %d is not a time in milliseconds since 1970", *p.Timestamp)
	case p.Order != nil && *p.Order > math.MaxInt64:
		return fmt.Errorf("order %d is larger than %d", *p.Order, int64(math.MaxInt64))
	case p.AgeMS != nil && (*p.AgeMS < 0 || *p.AgeMS > maxAge):
		return fmt.Errorf("age_ms %d is not an age of at most %d", *p.AgeMS, int64(maxAge))
	case p.MinCheckPeriod != nil && *p.MinCheckPeriod < 0:
		return fmt.Errorf("min_check_period %d is negative", *p.MinCheckPeriod)
	}
	return nil
}

// checkMetrics validates one entry of metrics: [dimension, {name: {t, v, u}}].
func checkMetrics(entry json.RawMessage) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(entry, &pair); err != nil || len(pair) != 2 {
		return errors.New("it is not a list of a dimension and its metrics")
	}
	var dimension *string
	if err := json.Unmarshal(pair[0], &dimension); err != nil {
		return fmt.Errorf("its dimension is neither null nor text: %w", plainJSON(err))
	}
	var metrics map[string]*wireMetric
	if err := json.Unmarshal(pair[1], &metrics); err != nil {
		return fmt.Errorf("its metrics cannot be read: %w", plainJSON(err))
	}
	// In the order of names, so that of several faults the same one is always told.
	first, fault := "", error(nil)
	for name, m := range metrics {
		if err := m.check(); err != nil && (fault == nil || name < first) {
			first, fault = name, err
		}
	}
	if fault != nil {
		return fmt.Errorf("metric %s: %w", clip(first), fault)
	}
	return nil
}

// check looks whether the value is one of its type: numbers are decimal, or 0x… as a reader of the
// protocol takes them too.
func (m *wireMetric) check() error {
	if m == nil || m.Value == nil {
		return errors.New("it has no value")
	}
	v := *m.Value
	var err error
	switch m.Type {
	case "string":
	case "bool":
		_, err = strconv.ParseBool(v)
	case "int32":
		_, err = strconv.ParseInt(digits(v), base(v), 32)
	case "int64":
		_, err = strconv.ParseInt(digits(v), base(v), 64)
	case "uint32":
		_, err = strconv.ParseUint(digits(v), base(v), 32)
	case "uint64":
		_, err = strconv.ParseUint(digits(v), base(v), 64)
	case "gauge", "double":
		if base(v) == 16 {
			_, err = strconv.ParseUint(digits(v), 16, 64)
		} else {
			_, err = strconv.ParseFloat(v, 64)
		}
	default:
		return fmt.Errorf("its type %s is none of the protocol's", clip(m.Type))
	}
	if err != nil {
		return fmt.Errorf("its value %s is not of type %s", clip(v), m.Type)
	}
	return nil
}

// base is the one that a number is written in, and digits its digits in it.
func base(v string) int {
	if strings.HasPrefix(v, "0x") || strings.HasPrefix(v, "0X") {
		return 16
	}
	return 10
}

func digits(v string) string {
	if base(v) == 16 {
		return v[2:]
	}
	return v
}
